import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { User } from "~/api/wire";
import { useMay, useSession } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { type Column, Rows } from "~/ui/ListPage";
import { failed } from "~/ui/notify";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { Right } from "~/ui/Table";
import { NewKey } from "../profile/NewKey";

type Key = { Id: string; Purpose: string; Created: string; Expires: string | null; ApiKey: { Hint: string | null } };

// Keys are the API keys of a user. Those of people are made by themselves.
export function Keys({ user }: { user: User }) {
  const { user: me } = useSession();
  const mayEdit = useMay("UserEdit");
  const mayMake = user.Id === me.Id || (user.IsService && mayEdit);
  const keys = useGet("/api/users/{id}/apikeys", { id: user.Id }, { query: { take: 200 } });
  const [making, make] = useState(false);
  const [leaving, leave] = useState<Key>();
  const remove = useSend("delete", "/api/users/{id}/apikeys/{key}");
  const columns: Column<Key>[] = [
    [t("Purpose"), (k) => k.Purpose],
    [t("Begins with"), (k) => <span className="dim">{k.ApiKey.Hint}</span>],
    [t("Made"), (k) => <DateTime at={k.Created} />],
    [t("Expires"), (k) => (k.Expires ? <DateTime at={k.Expires} /> : <span className="dim">{t("Never")}</span>)],
    [
      "",
      (k) => (
        <Right>
          <Button variant="default" aria-label={t("Revoke {name}…", { name: k.Purpose })} onClick={() => leave(k)}>
            {t("Revoke…")}
          </Button>
        </Right>
      ),
    ],
  ];
  return (
    <Section
      flush
      title={t("API keys")}
      actions={
        mayMake && (
          <Button variant="default" onClick={() => make(true)}>
            {t("New key…")}
          </Button>
        )
      }
    >
      <Read of={keys} rows={2}>
        {(answer) => {
          const { Items } = answer as unknown as { Items: Key[] };
          if (Items.length > 0) return <Rows label={t("API keys")} items={Items} columns={columns} />;
          return (
            <p className="dim" style={{ margin: "12px 16px" }}>
              {mayMake ? t("No keys yet.") : t("No keys. People make their own, in their profile.")}
            </p>
          );
        }}
      </Read>
      <Modal opened={making} onClose={() => make(false)} title={t("New API key")}>
        <NewKey user={user.Id} onClose={() => make(false)} />
      </Modal>
      {leaving && (
        <Confirm
          grave
          opened
          onClose={() => leave(undefined)}
          title={t("Revoke {name}?", { name: leaving.Purpose })}
          action={t("Revoke {name}", { name: leaving.Purpose })}
          onConfirm={() =>
            remove.mutate(
              { params: { id: user.Id, key: leaving.Id } },
              { onError: failed, onSettled: () => leave(undefined) },
            )
          }
        >
          {t("Whatever uses it is refused from now on.")}
        </Confirm>
      )}
    </Section>
  );
}
