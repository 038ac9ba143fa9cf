import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { IconSearch, IconUsers } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useSend, useSpaceId } from "~/api/query";
import { useGo, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { PickMany } from "~/ui/PickMany";
import { Refusal } from "~/ui/Refusal";
import { EmptyState } from "~/ui/state";
import { TenantTable } from "./TenantTable";
import { TagFilter, type TagSet, tagChoices, useTagSets } from "./tags";
import classes from "./tenants.module.css";

export const wordsOf = (text: string) => text.split(",").filter(Boolean);

export default function TenantList() {
  const sets = useTagSets("Tenant");
  const [name, setName] = useQueryWord("partialName");
  const [tags, setTags] = useQueryWord("tags");
  const [adding, setAdding] = useQueryWord("add");
  const mayAdd = useMay("TenantCreate");
  const add = mayAdd && <Button onClick={() => setAdding("tenant", { push: true })}>{t("Add tenant…")}</Button>;
  return (
    <Page
      title={t("Tenants")}
      actions={
        <>
          <TextInput
            type="search"
            w={200}
            placeholder={t("Filter by name")}
            aria-label={t("Filter by name")}
            leftSection={<IconSearch size={15} />}
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <TagFilter sets={sets} value={wordsOf(tags)} onChange={(chosen) => setTags(chosen.join(","))} />
          {add}
        </>
      }
    >
      <TenantTable
        sets={sets}
        filtered={Boolean(name || tags)}
        query={{ partialName: name || undefined, tags: tags || undefined }}
        empty={
          <EmptyState
            icon={IconUsers}
            title={t("No tenants yet.")}
            hint={t("A tenant is a customer, a region or a shop for which projects are deployed on their own.")}
          >
            {add}
          </EmptyState>
        }
      />
      <Modal opened={adding === "tenant"} onClose={() => setAdding(undefined)} title={t("Add tenant")}>
        <AddForm sets={sets} onClose={() => setAdding(undefined)} />
      </Modal>
    </Page>
  );
}

function AddForm({ sets, onClose }: { sets: TagSet[]; onClose: () => void }) {
  const space = useSpaceId();
  const go = useGo();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const choices = tagChoices(sets);
  const add = useSend("post", "/api/{spaceId}/tenants", {
    onDone: (made) => go(to.tenant(space, made.Id), { replace: true }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ body: { Name: name, Description: description, TenantTags: tags } });
  };
  return (
    <form onSubmit={submit}>
      <Refusal of={add.error} />
      <TextInput
        label={t("Name")}
        required
        withAsterisk={false}
        data-autofocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <Textarea
        mt={12}
        label={t("Description")}
        value={description}
        onChange={(e) => setDescription(e.currentTarget.value)}
      />
      {choices.length > 0 && <PickMany mt={12} label={t("Tags")} choices={choices} value={tags} onChange={setTags} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
          {t("Add tenant")}
        </Button>
      </div>
    </form>
  );
}
