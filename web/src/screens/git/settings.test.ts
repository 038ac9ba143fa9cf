import { expect, test } from "vitest";
import { begun, type Settings, why } from "./settings";

const at = (more: object) => ({ ...begun, Url: "https://git.example.com/shop.git", ...more }) as Settings;

test.each([
  ["nothing is missing without signing in", at({}), undefined],
  ["an address", begun, "The repository has no address yet."],
  ["a default branch", at({ DefaultBranch: " " }), "The repository has no default branch yet."],
  ["a credential", at({ Credentials: { Type: "Reference" } }), "No Git credential is chosen yet."],
  ["a chosen credential is enough", at({ Credentials: { Type: "Reference", Id: "GitCredentials-1" } }), undefined],
  ["a user name", at({ Credentials: { Type: "UsernamePassword", Username: "" } }), "There is no user name yet."],
])("what Git settings lack: %s", (_, settings, missing) => {
  expect(why(settings)).toBe(missing);
});
