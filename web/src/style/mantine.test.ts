// @vitest-environment node
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const src = path.resolve(import.meta.dirname, "..");
const styles = path.resolve(src, "../node_modules/@mantine/core/styles");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((f) => {
    const at = path.join(folder, f.name);
    if (f.isDirectory()) return sources(at);
    return /\.tsx?$/.test(f.name) ? [at] : [];
  });
}

test("every component of the kit that is used has its styles imported", () => {
  const imported = readFileSync(path.join(src, "style/mantine.ts"), "utf8");
  const missing = new Set<string>();
  for (const file of sources(src)) {
    for (const [, names = ""] of readFileSync(file, "utf8").matchAll(/import \{([^}]+)\} from "@mantine\/core"/g)) {
      for (const name of names.split(",").map((n) => n.trim())) {
        const sheet = `${name}.layer.css`;
        if (existsSync(path.join(styles, sheet)) && !imported.includes(`/${sheet}"`)) missing.add(name);
      }
    }
  }
  expect([...missing], "add these to src/style/mantine.ts").toEqual([]);
});
