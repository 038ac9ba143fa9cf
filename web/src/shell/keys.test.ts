import { afterEach, expect, test } from "vitest";
import { Keys, takesText } from "./keys";

const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

afterEach(() => document.body.replaceChildren());

test("Ctrl K and ⌘ K open the palette, also where letters are off", () => {
  const keys = new Keys();
  expect(keys.hear(press("k", { ctrlKey: true }), 1, true)).toBe("palette");
  expect(keys.hear(press("K", { metaKey: true }), 1, false)).toBe("palette");
  expect(keys.hear(press("k", { ctrlKey: true, altKey: true }), 1, true)).toBeUndefined();
});

test("g waits a moment for the letter after it", () => {
  const keys = new Keys();
  expect(keys.hear(press("g"), 10_000, true)).toBeUndefined();
  expect(keys.hear(press("p"), 10_500, true)).toBe("g p");
  expect(keys.hear(press("p"), 10_600, true)).toBe("p");
  expect(keys.hear(press("g"), 20_000, true)).toBeUndefined();
  expect(keys.hear(press("p"), 22_000, true)).toBe("p");
});

test("letters mean what they are from the very start of the page on", () => {
  const keys = new Keys();
  expect(keys.hear(press("c"), 300, true)).toBe("c");
  expect(keys.hear(press("g"), 400, true)).toBeUndefined();
  expect(keys.hear(press("p"), 500, true)).toBe("g p");
  expect(keys.hear(press("?"), 600, true)).toBe("?");
});

test("letters mean nothing where they are off, or with a modifier", () => {
  const keys = new Keys();
  expect(keys.hear(press("c"), 1, false)).toBeUndefined();
  expect(keys.hear(press("c", { ctrlKey: true }), 1, true)).toBeUndefined();
  expect(keys.hear(press("Enter"), 1, true)).toBeUndefined();
});

test.each([
  ["<input>", true],
  ["<textarea></textarea>", true],
  ["<button></button>", false],
  ["<div role=dialog><button></button></div>", true],
])("%s takes letters itself: %s", (html, want) => {
  document.body.innerHTML = html;
  expect(takesText(document.body.querySelector("input, textarea, button"))).toBe(want);
});
