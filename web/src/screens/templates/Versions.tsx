import { Select } from "@mantine/core";
import { useState } from "react";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { Diff } from "~/ui/Diff";
import form from "~/ui/form/form.module.css";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { written } from "../process/Review";

type Template = Wire<"ActionTemplate">;

const textOf = ({ Name, Description, Properties, Packages, Parameters }: Template) =>
  written({ Name, Description, Properties, Packages, Parameters } as object);

// Versions compares what a template was with what it is.
export function Versions({ template }: { template: Template }) {
  const [chosen, choose] = useState<string | null>(null);
  const before = useGet(
    "/api/{spaceId}/actiontemplates/{id}/versions/{version}",
    { id: template.Id, version: chosen ?? "" },
    { enabled: chosen !== null },
  );
  if (template.Version < 1) return null;
  const earlier = Array.from({ length: template.Version }, (_, i) => String(template.Version - 1 - i));
  return (
    <Section title={t("Versions")}>
      <div className={form.fields}>
        <Select
          w={240}
          label={t("Compare this version with")}
          placeholder={t("An earlier one")}
          data={earlier.map((n) => ({ value: n, label: t("Version {n}", { n }) }))}
          value={chosen}
          onChange={choose}
        />
        {chosen !== null && (
          <Read of={before} rows={3}>
            {(old) => <Diff label={t("What has changed")} before={textOf(old)} after={textOf(template)} />}
          </Read>
        )}
      </div>
    </Section>
  );
}
