import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crc32, zip } from "./zip";

test("the checksum is that of zips", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

test("another program reads what was packed", () => {
  const folder = mkdtempSync(join(tmpdir(), "tako-zip-"));
  try {
    const file = join(folder, "a.zip");
    writeFileSync(file, zip({ "index.html": "<h1>Grüße</h1>", "css/site.css": "body{}" }));
    const read = "import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;";
    const list = "print('|'.join(n+'='+z.read(n).decode() for n in z.namelist()))";
    const said = execFileSync("python3", ["-X", "utf8", "-c", read + list, file], { encoding: "utf8" });
    expect(said.trim()).toBe("index.html=<h1>Grüße</h1>|css/site.css=body{}");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
