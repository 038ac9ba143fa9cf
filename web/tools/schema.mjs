// Writes the types of the API from its description.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const here = (name) => new URL(`../${name}`, import.meta.url);
const description = JSON.parse(readFileSync(here("openapi.json"), "utf8"));

// What the server answers with is stored, and has an id and links; only what is
// not stored yet has none, and that is what the portal sends, not what it reads.
for (const schema of Object.values(description.components.schemas)) {
  const { Id: id, Links: links } = schema.properties ?? {};
  if (id?.type?.[0] === "string") id.type = "string";
  if (links?.type?.[0] === "object") links.type = "object";
}

const types = await openapiTS(description, { propertiesRequiredByDefault: true });
writeFileSync(
  here("src/api/schema.gen.ts"),
  `// Written by tools/schema.mjs; npm run types writes it anew.\n${astToString(types)}`,
);
