import { expect, test } from "vitest";
import type { Channel, Wire } from "~/api/wire";
import { nameOf, type TemplatePackage, versionOf, versionsQuery } from "./packages";

const pack = { ActionName: "Deploy", PackageReferenceName: "", PackageId: "Acme.Web", FeedId: "F" } as TemplatePackage;
const channel = {
  Rules: [{ VersionRange: "[2,3)", Tag: "", ActionPackages: [{ DeploymentAction: "Deploy", PackageReference: "" }] }],
} as unknown as Channel;

test("a channel's rule narrows the versions of the packages that it names", () => {
  expect(versionsQuery(channel, pack)).toEqual({ packageId: "Acme.Web", take: 50, versionRange: "[2,3)" });
  expect(versionsQuery(channel, { ...pack, PackageReferenceName: "tool" }).versionRange).toBeUndefined();
});

test("a release is called after the package that gives its version, if one does", () => {
  const template = { NextVersionIncrement: "1.2.4", VersioningPackageStepName: null } as Wire<"ReleaseTemplate">;
  expect(versionOf(template, {})).toBe("1.2.4");
  const given = { ...template, VersioningPackageStepName: "Deploy", VersioningPackageReferenceName: null };
  expect(versionOf(given, { [nameOf(pack)]: "9.1.0" })).toBe("9.1.0");
});
