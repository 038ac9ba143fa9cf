import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { Channel } from "~/api/wire";
import { t } from "~/text/t";
import type { Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { Section } from "~/ui/Section";
import classes from "./channels.module.css";

// CustomFields are what else is asked when a release of a channel is created.
export function CustomFields({ value, put, readOnly }: Fields<Channel>) {
  const all = value.CustomFieldDefinitions ?? [];
  const set = (CustomFieldDefinitions: typeof all) => put({ CustomFieldDefinitions });
  return (
    <Section title={t("Fields of releases")}>
      <div className={form.fields}>
        <p className="dim">
          {t("They are filled in when a release is created; steps read them as Octopus.Release.CustomFields[name].")}
        </p>
        {all.map((field, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a field has nothing else that stays the same
          <div key={i} className={form.row}>
            <div className={classes.pair}>
              <TextInput
                label={t("Name of the field")}
                disabled={readOnly}
                value={field.FieldName}
                onChange={(e) => set(all.with(i, { ...field, FieldName: e.currentTarget.value }))}
              />
              <TextInput
                label={t("What it is for")}
                disabled={readOnly}
                value={field.Description}
                onChange={(e) => set(all.with(i, { ...field, Description: e.currentTarget.value }))}
              />
            </div>
            {!readOnly && (
              <ActionIcon
                aria-label={t("Remove field {name}", { name: field.FieldName || i + 1 })}
                onClick={() => set(all.toSpliced(i, 1))}
              >
                <IconTrash size={15} />
              </ActionIcon>
            )}
          </div>
        ))}
        {!readOnly && (
          <div>
            <Button
              variant="default"
              leftSection={<IconPlus size={15} />}
              onClick={() => set([...all, { FieldName: "", Description: "" }])}
            >
              {t("Add field")}
            </Button>
          </div>
        )}
      </div>
    </Section>
  );
}
