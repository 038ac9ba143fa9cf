import { Button, Modal } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useSend, useSpaceId } from "~/api/query";
import { useGo, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";
import { Page } from "~/ui/Page";
import { PickMany } from "~/ui/PickMany";
import { SavedFilters } from "~/ui/SavedFilters";
import { EmptyState } from "~/ui/state";
import { useTenantFilter } from "./TenantFilter";
import { TenantTable } from "./TenantTable";
import { type TagSet, tagChoices, useTagSets } from "./tags";

export default function TenantList() {
  const sets = useTagSets("Tenant");
  const filter = useTenantFilter(sets);
  const [adding, setAdding] = useQueryWord("add");
  const mayAdd = useMay("TenantCreate");
  const add = mayAdd && <Button onClick={() => setAdding("tenant", { push: true })}>{t("Add tenant…")}</Button>;
  return (
    <Page
      title={t("Tenants")}
      actions={
        <>
          {filter.fields}
          <SavedFilters of="tenants" />
          {add}
        </>
      }
    >
      <TenantTable
        sets={sets}
        filtered={filter.filtered}
        query={filter.query}
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
        <AddTenant sets={sets} onClose={() => setAdding(undefined)} />
      </Modal>
    </Page>
  );
}

function AddTenant({ sets, onClose }: { sets: TagSet[]; onClose: () => void }) {
  const space = useSpaceId();
  const go = useGo();
  const [tags, setTags] = useState<string[]>([]);
  const choices = tagChoices(sets);
  const add = useSend("post", "/api/{spaceId}/tenants", {
    onDone: (made) => go(to.tenant(space, made.Id), { replace: true }),
  });
  return (
    <AddForm
      of={add}
      action={t("Add tenant")}
      onAdd={(named) => add.mutate({ body: { ...named, TenantTags: tags } })}
      onClose={onClose}
    >
      {choices.length > 0 && <PickMany label={t("Tags")} choices={choices} value={tags} onChange={setTags} />}
    </AddForm>
  );
}
