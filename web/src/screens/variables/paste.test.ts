import { expect, test } from "vitest";
import { looksSecret, read } from "./paste";

const pairs = (text: string) => read(text).items.map((i) => [i.name, i.value]);

test.each([
  [
    "A=1\nB = two words \n",
    [
      ["A", "1"],
      ["B", "two words"],
    ],
  ],
  ["# comment\n\nexport PATH_X=/usr/bin # where", [["PATH_X", "/usr/bin"]]],
  [
    "A=\"x=y # z\"\nB='it is'",
    [
      ["A", "x=y # z"],
      ["B", "it is"],
    ],
  ],
  ['A="line\\nnext \\"q\\""', [["A", 'line\nnext "q"']]],
  [
    'KEY="-----BEGIN\nabc\n-----END"\nB=2',
    [
      ["KEY", "-----BEGIN\nabc\n-----END"],
      ["B", "2"],
    ],
  ],
  ["EMPTY=", [["EMPTY", ""]]],
  ["URL=https://x/?a=b#frag", [["URL", "https://x/?a=b#frag"]]],
] as [string, string[][]][])("the environment file %j", (text, expected) => {
  expect(pairs(text)).toEqual(expected);
  expect(read(text)).toMatchObject({ format: "env", wrong: [] });
});

test("lines that are nothing are named", () => {
  expect(read('A=1\nnonsense\nB="open').wrong).toEqual([
    "Line 2 is not NAME=value.",
    "The quote of line 3 is not closed.",
  ]);
});

test("CSV has columns in any order, and quoted cells", () => {
  const { format, items, wrong } = read(
    'Name,Description,Value,Environments\nA,"says ""hi""","1\n2",Staging|Production\n,,x,\nB,,,',
  );
  expect(format).toBe("csv");
  expect(items).toEqual([
    { name: "A", value: "1\n2", environments: ["Staging", "Production"], description: 'says "hi"' },
    { name: "B", value: "", environments: [], description: "" },
  ]);
  expect(wrong).toEqual(["Row 3 has no name."]);
});

test("cells out of a spreadsheet are separated by tabs", () => {
  expect(pairs("Name\tValue\nA\t1,5")).toEqual([["A", "1,5"]]);
});

test("JSON is flattened as structured configuration names it", () => {
  expect(pairs('{"a":{"b":1,"c":[true,null]}}')).toEqual([
    ["a:b", "1"],
    ["a:c:0", "true"],
    ["a:c:1", ""],
  ]);
  expect(read("{oops").wrong[0]).toMatch(/^This is not JSON/);
});

test.each([
  ["DB_PASSWORD", true],
  ["Api.Key", true],
  ["GitHubToken", true],
  ["Host", false],
])("%s is a secret: %s", (name, is) => {
  expect(looksSecret(name)).toBe(is);
});
