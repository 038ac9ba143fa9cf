import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rowKeys } from "./rows";

afterEach(cleanup);

beforeEach(() => {
  render(
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as tables have it
    <section tabIndex={0} aria-label="frame" onKeyDown={rowKeys}>
      <table>
        <tbody>
          <tr>
            <th>
              <a href="#a">a</a>
            </th>
            <td>
              <a href="#a1">a1</a>
            </td>
          </tr>
          <tr>
            <td>nothing to go to</td>
          </tr>
          <tr>
            <th>
              <a href="#b">b</a>
            </th>
            <td>
              <a href="#b1">b1</a>
            </td>
          </tr>
          <tr>
            <th>
              <a href="#c">c</a> <input aria-label="words" />
            </th>
            <td />
          </tr>
        </tbody>
      </table>
    </section>,
  );
});

const at = (name: string) => screen.queryByRole("link", { name }) ?? screen.getByLabelText(name);

test.each([
  ["frame", "ArrowDown", "a"],
  ["frame", "ArrowUp", "frame"],
  ["a", "ArrowDown", "b"],
  ["a1", "ArrowDown", "b1"],
  ["b1", "ArrowDown", "c"],
  ["b", "ArrowUp", "a"],
  ["a", "ArrowUp", "a"],
  ["c", "ArrowDown", "c"],
  ["a", "ArrowRight", "a1"],
  ["a1", "ArrowLeft", "a"],
  ["a1", "ArrowRight", "a1"],
  ["words", "ArrowUp", "words"],
])("from %s, %s leads to %s", (from, key, to) => {
  at(from).focus();
  fireEvent.keyDown(at(from), { key });
  expect(document.activeElement).toBe(at(to));
});

test("keys that mean something else are left alone", () => {
  at("a").focus();
  fireEvent.keyDown(at("a"), { key: "ArrowDown", altKey: true });
  expect(document.activeElement).toBe(at("a"));
});
