// @vitest-environment node
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const css = readFileSync(path.join(import.meta.dirname, "tokens.css"), "utf8");

function tokensOf(theme: string): (name: string) => string {
  const block = css.split(`[data-mantine-color-scheme="${theme}"]`)[1]?.split("}")[0] ?? "";
  const all = new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
  return (name) => {
    const value = all.get(name);
    if (!value) throw new Error(`no token --${name} in ${theme}`);
    return value;
  };
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const tones = ["ok", "bad", "run", "wait", "warn", "hold", "off"];

describe.each(["light", "dark"])("%s", (theme) => {
  const token = tokensOf(theme);
  const pairs = [
    ...tones.map((tone) => [tone, `${tone}-bg`]),
    ...tones.map((tone) => [tone, "surface"]),
    ...["bg", "surface", "surface-2"].flatMap((ground) => [
      ["text", ground],
      ["text-2", ground],
      ["accent", ground],
    ]),
    ...["bad-bg", "warn-bg"].map((ground) => ["text-2", ground]),
    ["accent", "accent-bg"],
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`a${n}`, "log-bg"]),
  ] as [string, string][];
  test.each(pairs)("%s can be read on %s", (text, ground) => {
    expect(contrast(token(text), token(ground))).toBeGreaterThanOrEqual(4.5);
  });
  // What shows where something can be entered or switched.
  test.each(["bg", "surface", "surface-2"])("the edge of a field can be seen on %s", (ground) => {
    expect(contrast(token("field"), token(ground))).toBeGreaterThanOrEqual(3);
  });
});
