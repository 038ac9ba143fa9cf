import { expect, test } from "vitest";
import { csrfToken } from "./client";
import { problemOf } from "./error";
import { stale } from "./live";
import { rootOf } from "./place";
import { collectionOf } from "./query";

test.each([
  ["/app", ""],
  ["/app/", ""],
  ["/", ""],
  ["/tools/tako/app", "/tools/tako"],
  ["/app/app", "/app"],
])("the page at %s has its server at %s", (page, root) => {
  expect(rootOf(page)).toBe(root);
});

test("the token against forgery is that of our own installation", () => {
  const cookies = "a=1; Octopus-Csrf-Token_other=no; Octopus-Csrf-Token_ours=y=s; z=2";
  expect(csrfToken(cookies, "Octopus-Csrf-Token_ours")).toBe("y=s");
  expect(csrfToken("a=1", "Octopus-Csrf-Token_ours")).toBe("");
});

test("a refusal has the server's words once", () => {
  const response = new Response("", { status: 400, headers: { "X-Request-Id": "abc" } });
  const e = problemOf(response, { ErrorMessage: "Name is missing.", Errors: ["Name is missing.", "Slug is taken."] });
  expect([e.message, e.details, e.requestId]).toEqual(["Name is missing.", ["Slug is taken."], "abc"]);
});

test.each([
  ["/api/{spaceId}/projects/{id}/releases", "projects"],
  ["/api/users/{id}", "users"],
])("%s belongs to %s", (path, collection) => {
  expect(collectionOf(path)).toBe(collection);
});

test("a change of variables makes what is read of them stale", () => {
  const data = { Id: "variableset-Projects-1", SpaceId: "Spaces-1", Kind: "VariableSets", Change: "Modified" };
  expect(stale({ type: "resource", data })).toEqual(["variables"]);
});
