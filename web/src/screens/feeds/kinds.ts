// The types of feeds and what each has.
import { t } from "~/text/t";

// nameOf is what a feed is called here: those of the server itself have names
// that scripts look for.
export function nameOf({ Name, FeedType }: { Name: string; FeedType?: string }): string {
  if (FeedType === "BuiltIn") return t("Built-in repository");
  if (FeedType === "OctopusProject") return t("Releases of projects (built-in)");
  return Name;
}

export type Part = "login" | "retry" | "registry" | "region" | "keys" | "machine" | "account" | "layout" | "enhanced";

export type FeedKind = { type: string; label: string; uri?: string; parts: Part[] };

export const kinds: FeedKind[] = [
  { type: "NuGet", label: "NuGet", uri: "https://api.nuget.org/v3/index.json", parts: ["login", "retry", "enhanced"] },
  {
    type: "Docker",
    label: t("Docker registry"),
    uri: "https://index.docker.io",
    parts: ["login", "retry", "registry"],
  },
  { type: "Maven", label: "Maven", uri: "https://repo.maven.apache.org/maven2/", parts: ["login", "retry"] },
  { type: "GitHub", label: t("GitHub releases"), uri: "https://api.github.com", parts: ["login", "retry"] },
  { type: "Helm", label: "Helm", uri: "https://charts.example.com", parts: ["login"] },
  { type: "OciRegistry", label: t("OCI registry (Helm charts)"), uri: "oci://registry-1.docker.io", parts: ["login"] },
  { type: "Npm", label: "npm", uri: "https://registry.npmjs.org", parts: ["login", "retry"] },
  { type: "PyPi", label: "PyPI", uri: "https://pypi.org/simple", parts: ["login", "retry"] },
  {
    type: "ArtifactoryGeneric",
    label: t("Artifactory (generic)"),
    uri: "https://example.jfrog.io",
    parts: ["login", "layout"],
  },
  { type: "AwsElasticContainerRegistry", label: "Amazon ECR", parts: ["region", "keys", "machine"] },
  {
    type: "AzureContainerRegistry",
    label: t("Azure container registry"),
    uri: "https://example.azurecr.io",
    parts: ["login", "retry", "registry"],
  },
  {
    type: "GoogleContainerRegistry",
    label: t("Google container registry"),
    uri: "https://europe-docker.pkg.dev",
    parts: ["login", "retry", "registry"],
  },
  { type: "S3", label: "Amazon S3", parts: ["region", "keys", "machine"] },
  { type: "GcsStorage", label: t("Google Cloud Storage"), parts: ["account", "retry"] },
];

export const labelOf = (type: string) =>
  kinds.find((k) => k.type === type)?.label ??
  { BuiltIn: t("Built in"), OctopusProject: t("Releases of projects") }[type] ??
  type;

export const isOwn = (type: string) => type === "BuiltIn" || type === "OctopusProject";
