import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import MarkdownTokens, { safe } from "./MarkdownTokens";

afterEach(cleanup);

const html = (text: string) => render(<MarkdownTokens text={text} />).container.innerHTML;

test("people's Markdown becomes elements", () => {
  expect(html("## Two\n\n- **a** & b\n- `c<d`")).toBe(
    '<p class="heading">Two</p><ul><li><strong>a</strong> &amp; b</li><li><code>c&lt;d</code></li></ul>',
  );
});

test("HTML in it stays text, and scripts are no addresses", () => {
  const shown = html("<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![p](http://a/b.png)");
  expect(shown).not.toContain("<img");
  expect(shown).not.toContain("javascript:");
  expect(shown).toContain("&lt;img src=x onerror=alert(1)&gt;");
});

test.each([
  ["https://a", "https://a"],
  ["~/app#/tasks/ServerTasks-1", "#/tasks/ServerTasks-1"],
  ["javascript:alert(1)", undefined],
  ["data:text/html,x", undefined],
  [" javascript:x", undefined],
])("a link to %s leads to %s", (address, want) => {
  expect(safe(address)).toBe(want);
});
