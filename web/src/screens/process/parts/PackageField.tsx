import { Autocomplete, Group, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { newId } from "~/ui/draft/merge";
import { Link } from "~/ui/Link";
import { nameOf } from "../../feeds/kinds";
import { useEditor, useFocus } from "../editor";
import { type Action, textOf, withProperty } from "../steps";
import { useComplaint } from "./fields";

export type Reference = Wire<"PackageReference">;

export const packageName = "Octopus.Action.Package.PackageId";
export const packageFeed = "Octopus.Action.Package.FeedId";

// primary is an action's own package; older processes have it as properties.
export function primary(action: Action): Reference | undefined {
  const own = action.Packages?.find((p) => p.Name === "");
  if (own) return own;
  const PackageId = textOf(action.Properties, packageName);
  return PackageId ? reference({ PackageId, FeedId: textOf(action.Properties, packageFeed) }) : undefined;
}

export const reference = (made: Partial<Reference>): Reference =>
  ({
    Id: newId(),
    Name: "",
    PackageId: "",
    FeedId: "",
    AcquisitionLocation: "Server",
    Properties: { SelectionMode: "immediate" },
    ...made,
  }) as Reference;

// withPrimary changes an action's own package, under both of its forms.
export function withPrimary(action: Action, change: Partial<Reference>): Action {
  const next = { ...(primary(action) ?? reference({})), ...change };
  const others = (action.Packages ?? []).filter((p) => p.Name !== "");
  const named = withProperty(action.Properties, packageName, next.PackageId);
  return { ...action, Packages: [next, ...others], Properties: withProperty(named, packageFeed, next.FeedId) };
}

// PackageField chooses an action's own package.
export function PackageField() {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const own = primary(action);
  return (
    <PackagePicker
      feed={own?.FeedId ?? ""}
      packageId={own?.PackageId ?? ""}
      error={useComplaint("Packages", "PackageId", "FeedId")}
      disabled={!mayEdit}
      onChange={(change) => changeAction((a) => withPrimary(a, change))}
    />
  );
}

type PickerProps = {
  feed: string;
  packageId: string;
  error?: string;
  disabled?: boolean;
  onChange: (change: { FeedId?: string; PackageId?: string }) => void;
};

// PackagePicker chooses a feed and a package of it.
export function PackagePicker({ feed, packageId, error, disabled, onChange }: PickerProps) {
  const feeds = useGet("/api/{spaceId}/feeds/all", {});
  const usable = (feeds.data ?? []).filter((f) => f.FeedType !== "OctopusProject");
  const isBound = feed.includes("#{");
  const current = feed || usable.find((f) => f.FeedType === "BuiltIn")?.Id || "";
  const [term] = useDebouncedValue(packageId, 250);
  const found = useGet(
    "/api/{spaceId}/feeds/{id}/packages/search",
    { id: isBound ? "" : current },
    { query: { term, take: 20 }, keep: true },
  );
  const space = useSpaceId();
  const names = (found.data as unknown as { Items?: { Id: string }[] } | undefined)?.Items?.map((p) => p.Id) ?? [];
  const isEmpty =
    !term && found.isSuccess && !names.length && usable.find((f) => f.Id === current)?.FeedType === "BuiltIn";
  return (
    <Group grow gap={12} align="flex-start" preventGrowOverflow={false}>
      <Select
        label={t("Feed")}
        searchable
        allowDeselect={false}
        disabled={disabled}
        data={[
          ...usable.map((f) => ({ value: f.Id, label: nameOf(f) })),
          ...(isBound ? [{ value: feed, label: feed }] : []),
        ]}
        value={current || null}
        onChange={(FeedId) => FeedId && onChange({ FeedId })}
      />
      <Autocomplete
        label={t("Package")}
        description={
          isEmpty && (
            <>
              {t("The built-in repository has no packages yet.")}{" "}
              <Link to={to.packages(space)} target="_blank" style={{ textDecoration: "underline" }}>
                {t("Upload one")}
              </Link>
            </>
          )
        }
        inputWrapperOrder={["label", "input", "description", "error"]}
        size="xs"
        spellCheck={false}
        disabled={disabled}
        error={error}
        data={[...new Set(names)]}
        value={packageId}
        onChange={(PackageId) => onChange({ PackageId, FeedId: current })}
      />
    </Group>
  );
}
