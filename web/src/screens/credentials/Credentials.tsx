import { IconBrandGit } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { Names } from "../infrastructure/Names";
import { Views } from "../library/Views";

type Credential = Wire<"GitCredential">;

export default function Credentials() {
  const space = useSpaceId();
  const credentials = useGet("/api/{spaceId}/git-credentials/all", {});
  const columns: Column<Credential>[] = [
    [t("Name"), (c) => <Link to={to.gitCredential(space, c.Id)}>{c.Name}</Link>],
    [t("User name"), (c) => c.Details.Username],
    [
      t("Signs in with"),
      (c) => (c.Details.Type === "SshKeyPair" ? t("A private key, over SSH") : t("A password or token")),
    ],
    [
      t("For repositories"),
      (c) =>
        c.RepositoryRestrictions?.Enabled ? (
          <Names of={c.RepositoryRestrictions.AllowedRepositories} />
        ) : (
          <span className="dim">{t("Any")}</span>
        ),
    ],
    [t("Description"), (c) => <span className="dim">{c.Description}</span>],
  ];
  return (
    <ListPage
      title={t("Git credentials")}
      views={<Views />}
      of={credentials}
      columns={columns}
      words={(c) => `${c.Name} ${c.Description}`}
      add={{ label: t("Add credential"), to: to.gitCredential(space, "create"), needs: "GitCredentialEdit" }}
      empty={{
        icon: IconBrandGit,
        title: t("No Git credentials yet."),
        hint: t("Projects in Git and steps that take files from there sign in with them."),
      }}
    />
  );
}
