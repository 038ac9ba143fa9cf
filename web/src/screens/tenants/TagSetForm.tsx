import { ActionIcon, Button, Select, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { scopeWord } from "./TagSetList";
import type { TagSet } from "./tags";
import classes from "./tenants.module.css";

type Tag = Wire<"Tag">;

export default function TagSetForm() {
  const id = useParam("set");
  const isNew = id === "new";
  const set = useGet("/api/{spaceId}/tagsets/{id}", { id: isNew ? "" : id });
  if (isNew) return <Form set={blank} />;
  return <Read of={set}>{(s) => <Form key={s.Id} set={s} />}</Read>;
}

const blank = {
  ...{ Id: "", Name: "", Description: "", SortOrder: 0, Type: "MultiSelect" },
  ...{ Scopes: ["Tenant"], Tags: [] },
} as unknown as TagSet;

const scopes = ["Tenant", "Environment", "Project", "Runbook", "Target"];

// lacking says what keeps a set from being saved.
function lacking({ Name, Tags }: TagSet): string | undefined {
  if (!Name.trim()) return t("It has no name yet.");
  return (Tags ?? []).every((x) => x.Name.trim()) ? undefined : t("A tag has no name yet.");
}

function Form({ set }: { set: TagSet }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/tagsets"
      document={set}
      name={set.Name}
      add={t("Add tag set")}
      remove={[t("Delete tag set"), t("A set whose tags are in use cannot be deleted.")]}
      list={{ label: t("Tag sets"), to: to.tagSets(space) }}
      place={(s) => to.tagSet(space, s.Id)}
      may={{ edit: "TagSetEdit", add: "TagSetCreate", delete: "TagSetDelete" }}
      touches={["tenants"]}
      why={lacking}
    >
      {(fields) => (
        <>
          <Section title={t("Tag set")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <div className={form.pair}>
                <PickMany
                  label={t("For")}
                  disabled={fields.readOnly}
                  choices={scopes.map((s) => ({ value: s, label: scopeWord(s) }))}
                  value={fields.value.Scopes}
                  onChange={(Scopes) => fields.put({ Scopes })}
                />
                <Select
                  label={t("Each has")}
                  allowDeselect={false}
                  disabled={fields.readOnly}
                  data={[
                    { value: "MultiSelect", label: t("any of the tags") },
                    { value: "SingleSelect", label: t("at most one of the tags") },
                    { value: "FreeText", label: t("any text") },
                  ]}
                  value={fields.value.Type || "MultiSelect"}
                  onChange={(Type) => fields.put({ Type: Type ?? "MultiSelect" })}
                />
              </div>
            </div>
          </Section>
          {fields.value.Type !== "FreeText" && (
            <Section title={t("Tags")}>
              <TagRows {...fields} />
            </Section>
          )}
        </>
      )}
    </DocumentForm>
  );
}

const palette = ["#1d5fd1", "#0b6b3a", "#855100", "#b3202a", "#6b36b8", "#00707a", "#8a3a6b", "#52606f"];

function TagRows({ value, put, readOnly }: Fields<TagSet>) {
  const tags = value.Tags ?? [];
  const change = (at: number, part: Partial<Tag>) =>
    put({ Tags: tags.map((x, i) => (i === at ? { ...x, ...part } : x)) });
  const move = (from: number, by: number) => {
    const next = [...tags];
    next.splice(from + by, 0, ...next.splice(from, 1));
    put({ Tags: next });
  };
  const add = () =>
    put({
      Tags: [
        ...tags,
        {
          Id: "",
          Name: "",
          Description: "",
          Color: palette[tags.length % palette.length] ?? "",
          CanonicalTagName: "",
        } as Tag,
      ],
    });
  return (
    <div className={form.fields}>
      {tags.map((x, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: new ones have nothing else
        <div key={i} className={classes.row}>
          <input
            type="color"
            className={classes.color}
            aria-label={t("Color of tag {n}", { n: i + 1 })}
            disabled={readOnly}
            value={/^#[0-9a-f]{6}$/i.test(x.Color) ? x.Color : "#333333"}
            onChange={(e) => change(i, { Color: e.currentTarget.value })}
          />
          <TextInput
            aria-label={t("Name of tag {n}", { n: i + 1 })}
            placeholder={t("Name")}
            disabled={readOnly}
            value={x.Name}
            onChange={(e) => change(i, { Name: e.currentTarget.value })}
          />
          <TextInput
            aria-label={t("Description of tag {n}", { n: i + 1 })}
            placeholder={t("Description")}
            disabled={readOnly}
            value={x.Description}
            onChange={(e) => change(i, { Description: e.currentTarget.value })}
          />
          {!readOnly && (
            <span className={classes.moves}>
              <Small label={t("Move tag {n} up", { n: i + 1 })} disabled={i === 0} onClick={() => move(i, -1)}>
                <IconArrowUp size={15} />
              </Small>
              <Small
                label={t("Move tag {n} down", { n: i + 1 })}
                disabled={i === tags.length - 1}
                onClick={() => move(i, 1)}
              >
                <IconArrowDown size={15} />
              </Small>
              <Small
                label={t("Remove tag {n}", { n: i + 1 })}
                onClick={() => put({ Tags: tags.filter((_, n) => n !== i) })}
              >
                <IconTrash size={15} />
              </Small>
            </span>
          )}
        </div>
      ))}
      {!readOnly && (
        <div>
          <Button variant="default" leftSection={<IconPlus size={15} />} onClick={add}>
            {t("Add tag")}
          </Button>
        </div>
      )}
    </div>
  );
}

type SmallProps = { label: string; disabled?: boolean; onClick: () => void; children: ReactNode };

function Small({ label, children, ...rest }: SmallProps) {
  return (
    <ActionIcon variant="subtle" color="gray" size={28} aria-label={label} {...rest}>
      {children}
    </ActionIcon>
  );
}
