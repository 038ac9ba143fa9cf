import { expect, test } from "vitest";
import { kindOf, type Member, secretOf } from "./accounts";

const member = (type: string, name: string): Member => {
  const found = kindOf(type)?.members.find((m) => m.name === name);
  if (!found) throw new Error(`${type} has no ${name}`);
  return found;
};

test("keys travel in base64, with every character", () => {
  expect(secretOf(member("SshKeyPair", "PrivateKeyFile"), "key é\n")).toEqual({
    HasValue: true,
    NewValue: "a2V5IMOpCg==",
  });
});

test("passwords travel as they are", () => {
  expect(secretOf(member("UsernamePassword", "Password"), "pä$$")).toEqual({ HasValue: true, NewValue: "pä$$" });
});

test("an emptied secret has no value", () => {
  expect(secretOf(member("Token", "Token"), "")).toEqual({ HasValue: false, NewValue: "" });
});
