import { expect, test } from "vitest";
import { again } from "./again";

function failing(times: number) {
  let asked = 0;
  return () => {
    asked++;
    return asked > times ? Promise.resolve(asked) : Promise.reject(new Error(`no ${asked}`));
  };
}

test("what breaks off is asked for again, and given up after the last time", async () => {
  expect(await again(failing(0), [0, 0])).toBe(1);
  expect(await again(failing(2), [0, 0])).toBe(3);
  await expect(again(failing(3), [0, 0])).rejects.toThrow("no 3");
});
