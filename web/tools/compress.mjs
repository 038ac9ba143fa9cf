// Leaves a .gz and a .br beside each built file that shrinks by it, so that the
// server compresses nothing while it answers.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = path.join(process.argv[2], "assets");
for (const name of readdirSync(folder)) {
  const file = path.join(folder, name);
  const data = readFileSync(file);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length };
  for (const [suffix, small] of [
    [".gz", gzipSync(data, { level: 9 })],
    [".br", brotliCompressSync(data, { params: quality })],
  ]) {
    if (small.length < data.length) writeFileSync(file + suffix, small);
  }
}
