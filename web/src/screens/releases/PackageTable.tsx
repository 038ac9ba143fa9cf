import { Autocomplete } from "@mantine/core";
import { type Dispatch, type SetStateAction, useEffect } from "react";
import { useGet } from "~/api/query";
import type { Channel } from "~/api/wire";
import { t } from "~/text/t";
import { Table } from "~/ui/Table";
import { nameOf, type TemplatePackage, versionsQuery } from "./packages";

type Chosen = Record<string, string>;

type Props = {
  packages: TemplatePackage[];
  channel: Channel | undefined;
  chosen: Chosen;
  onChoose: Dispatch<SetStateAction<Chosen>>;
};

// PackageTable chooses a version for each package of the process: the newest
// that the channel allows, unless somebody says otherwise.
export function PackageTable({ packages, channel, chosen, onChoose }: Props) {
  return (
    <Table label={t("Packages")} head={[t("Step"), t("Package"), t("Feed"), t("Version"), t("Last release")]}>
      {packages.map((p) => (
        <PackageRow
          key={nameOf(p)}
          of={p}
          channel={channel}
          version={chosen[nameOf(p)] ?? ""}
          onVersion={(version, unless) =>
            onChoose((before) => (unless && before[nameOf(p)] ? before : { ...before, [nameOf(p)]: version }))
          }
        />
      ))}
    </Table>
  );
}

type RowProps = {
  of: TemplatePackage;
  channel: Channel | undefined;
  version: string;
  // unless keeps what was chosen already.
  onVersion: (version: string, unless?: boolean) => void;
};

function PackageRow({ of: p, channel, version, onVersion }: RowProps) {
  const versions = useGet(
    "/api/{spaceId}/feeds/{id}/packages/versions",
    { id: p.FeedId },
    { query: versionsQuery(channel, p), enabled: p.IsResolvable && !p.FixedVersion },
  );
  const known = versions.data?.Items.map((v) => v.Version) ?? [];
  const newest = p.FixedVersion || known[0];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the newest is taken once, when it is known
  useEffect(() => {
    if (newest) onVersion(newest, true);
  }, [newest]);
  const problem =
    versions.error?.message ??
    (versions.data && known.length === 0
      ? t("{feed} has no version of it that the channel allows.", { feed: p.FeedName })
      : undefined);
  return (
    <tr>
      <th scope="row">{p.StepName || p.ActionName}</th>
      <td>
        {p.PackageId}
        {p.PackageReferenceName && <span className="dim"> ({p.PackageReferenceName})</span>}
      </td>
      <td>{p.FeedId === "feeds-builtin" ? t("Built-in repository") : p.FeedName}</td>
      <td>
        <Autocomplete
          aria-label={t("Version of {name}", { name: p.PackageId })}
          w={220}
          data={known}
          disabled={Boolean(p.FixedVersion)}
          limit={50}
          error={problem}
          placeholder={versions.isFetching ? t("Looking…") : t("A version")}
          filter={({ options }) => options}
          value={version}
          onChange={(value) => onVersion(value)}
        />
      </td>
      <td className="dim number">{p.VersionSelectedLastRelease || "—"}</td>
    </tr>
  );
}
