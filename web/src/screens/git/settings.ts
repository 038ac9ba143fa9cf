import type { Project } from "~/api/wire";
import { t } from "~/text/t";

export type Settings = Project["PersistenceSettings"];

// begun are the settings of a project that has none yet.
export const begun = {
  Type: "VersionControlled",
  Url: "",
  DefaultBranch: "main",
  BasePath: ".octopus",
  ProtectedDefaultBranch: false,
  ProtectedBranchNamePatterns: [],
  Credentials: { Type: "Anonymous" },
} as unknown as Settings;

// why says what settings lack before they can be sent.
export function why({ Url, DefaultBranch, Credentials }: Settings): string | undefined {
  if (!Url?.trim()) return t("The repository has no address yet.");
  if (!DefaultBranch?.trim()) return t("The repository has no default branch yet.");
  if (Credentials?.Type === "Reference" && !Credentials.Id) return t("No Git credential is chosen yet.");
  if (Credentials?.Type === "UsernamePassword" && !Credentials.Username?.trim()) return t("There is no user name yet.");
}
