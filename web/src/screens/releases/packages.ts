// Which versions of packages a new release takes.
import type { Channel, Wire } from "~/api/wire";

export type TemplatePackage = Wire<"ReleasePackage">;

// nameOf tells packages of a process apart: a step can have several.
export const nameOf = (p: { ActionName: string; PackageReferenceName?: string | null }) =>
  `${p.ActionName}|${p.PackageReferenceName ?? ""}`;

// ruleFor finds the channel's rule about a package.
export function ruleFor(channel: Channel | undefined, p: TemplatePackage) {
  return channel?.Rules?.find((rule) =>
    rule.ActionPackages?.some(
      (a) => a.DeploymentAction === p.ActionName && (a.PackageReference ?? "") === (p.PackageReferenceName ?? ""),
    ),
  );
}

// versionsQuery asks a feed for the versions that a channel allows.
export function versionsQuery(channel: Channel | undefined, p: TemplatePackage) {
  const rule = ruleFor(channel, p);
  return {
    packageId: p.PackageId,
    take: 50,
    versionRange: rule?.VersionRange || undefined,
    preReleaseTag: rule?.Tag || undefined,
  };
}

// versionOf is what a new release is called: the version of the package that
// gives it, or the next of the project's own numbers.
export function versionOf(template: Wire<"ReleaseTemplate">, chosen: Record<string, string>): string {
  const step = template.VersioningPackageStepName;
  if (!step) return template.NextVersionIncrement ?? "";
  return chosen[nameOf({ ActionName: step, PackageReferenceName: template.VersioningPackageReferenceName })] ?? "";
}
