import { Checkbox, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useGet } from "~/api/query";
import type { Project } from "~/api/wire";
import { t } from "~/text/t";
import type { Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";

type Package = { DeploymentAction: string; PackageReference: string };

const wordOf = (p: Package) =>
  p.PackageReference ? `${p.DeploymentAction}/${p.PackageReference}` : p.DeploymentAction;

// usual is the template that new projects have.
const usual = "#{Octopus.Version.LastMajor}.#{Octopus.Version.LastMinor}.#{Octopus.Version.NextPatch}";

// Versioning says what the next release is called: by counting on, or like one
// of its packages; and whether a pushed package makes one.
export function Versioning({ value, put, readOnly }: Fields<Project>) {
  const process = useGet("/api/{spaceId}/deploymentprocesses/{id}", { id: value.DeploymentProcessId });
  const packages: Package[] = (process.data?.Steps ?? []).flatMap((s) =>
    (s.Actions ?? []).flatMap((a) =>
      (a.Packages ?? []).map((p) => ({ DeploymentAction: a.Name, PackageReference: p.Name })),
    ),
  );
  const find = (word: string | null) => packages.find((p) => wordOf(p) === word) ?? null;
  const choices = packages.map((p) => ({ value: wordOf(p), label: wordOf(p) }));
  const strategy = value.VersioningStrategy;
  const donor = strategy?.DonorPackage;
  const creation = value.ReleaseCreationStrategy?.ReleaseCreationPackage;
  const [first] = packages;
  return (
    <div className={form.fields}>
      <SegmentedControl
        aria-label={t("A release is numbered")}
        size="xs"
        disabled={readOnly}
        style={{ justifySelf: "start", alignSelf: "flex-start" }}
        value={donor ? "package" : "template"}
        onChange={(way) =>
          put({
            VersioningStrategy:
              way === "package"
                ? {
                    Template: "",
                    DonorPackage: first ?? { DeploymentAction: "", PackageReference: "" },
                    DonorPackageStepId: null,
                  }
                : { Template: strategy?.Template || usual, DonorPackage: null, DonorPackageStepId: null },
          })
        }
        data={[
          { value: "template", label: t("By a template") },
          { value: "package", label: t("Like a package"), disabled: packages.length === 0 && !donor },
        ]}
      />
      {donor ? (
        <Select
          label={t("Package")}
          disabled={readOnly}
          allowDeselect={false}
          data={choices}
          value={wordOf(donor)}
          onChange={(word) => {
            const DonorPackage = find(word);
            if (DonorPackage) put({ VersioningStrategy: { Template: "", DonorPackage, DonorPackageStepId: null } });
          }}
        />
      ) : (
        <TextInput
          label={t("Template")}
          description={t(
            "Octopus.Version has LastMajor, NextMinor, NextPatch, NextRevision and more; a date works too.",
          )}
          placeholder={usual}
          spellCheck={false}
          disabled={readOnly}
          value={strategy?.Template ?? ""}
          onChange={(e) =>
            put({
              VersioningStrategy: { Template: e.currentTarget.value, DonorPackage: null, DonorPackageStepId: null },
            })
          }
        />
      )}
      <Checkbox
        label={t("A package that is pushed to the built-in repository makes a release")}
        disabled={readOnly || (packages.length === 0 && !value.AutoCreateRelease)}
        checked={value.AutoCreateRelease}
        onChange={(e) =>
          put({
            AutoCreateRelease: e.currentTarget.checked,
            ReleaseCreationStrategy: {
              ChannelId: value.ReleaseCreationStrategy?.ChannelId ?? "",
              ReleaseCreationPackage: creation ?? first ?? null,
              ReleaseCreationPackageStepId: "",
            },
          })
        }
      />
      {value.AutoCreateRelease && (
        <Creation value={value} put={put} readOnly={readOnly} choices={choices} find={find} />
      )}
    </div>
  );
}

type CreationProps = Pick<Fields<Project>, "value" | "put" | "readOnly"> & {
  choices: { value: string; label: string }[];
  find: (word: string | null) => Package | null;
};

function Creation({ value, put, readOnly, choices, find }: CreationProps) {
  const channels = useGet("/api/{spaceId}/projects/{id}/channels", { id: value.Id });
  const strategy = value.ReleaseCreationStrategy;
  const package_ = strategy?.ReleaseCreationPackage;
  const change = (part: Partial<NonNullable<typeof strategy>>) =>
    put({
      ReleaseCreationStrategy: {
        ChannelId: strategy?.ChannelId ?? "",
        ReleaseCreationPackage: package_ ?? null,
        ReleaseCreationPackageStepId: "",
        ...part,
      },
    });
  return (
    <div className={form.pair}>
      <Select
        label={t("Which package")}
        disabled={readOnly}
        allowDeselect={false}
        data={choices}
        value={package_ ? wordOf(package_) : null}
        onChange={(word) => change({ ReleaseCreationPackage: find(word) })}
      />
      <Select
        label={t("In which channel")}
        disabled={readOnly}
        placeholder={t("The default one")}
        clearable
        data={(channels.data?.Items ?? []).map((c) => ({ value: c.Id, label: c.Name }))}
        value={strategy?.ChannelId || null}
        onChange={(id) => change({ ChannelId: id ?? "" })}
      />
    </div>
  );
}
