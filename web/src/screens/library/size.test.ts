import { expect, test } from "vitest";
import { size } from "./size";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [5 * 1024 * 1024, "5.0 MiB"],
  [700 * 1024 * 1024, "700 MiB"],
  [3 * 1024 ** 4, "3.0 TiB"],
])("%d bytes are %s", (bytes, want) => {
  expect(size(bytes)).toBe(want);
});
