import { Button, Modal } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Right, Table } from "~/ui/Table";
import { NewKey } from "./NewKey";

type Key = { Id: string; Purpose: string; Created: string; Expires: string | null; ApiKey: { Hint: string | null } };
type Keys = { Items: Key[] };

// ApiKeys are the keys of whoever is signed in.
export default function ApiKeys() {
  const { user } = useSession();
  const keys = useGet("/api/users/{id}/apikeys", { id: user.Id }, { query: { take: 200 } });
  const [adding, setAdding] = useQueryWord("add");
  const [leaving, setLeaving] = useState<Key>();
  const remove = useSend("delete", "/api/users/{id}/apikeys/{key}");
  return (
    <Page title={t("API keys")} actions={<Button onClick={() => setAdding("yes")}>{t("New key…")}</Button>}>
      <Read of={keys}>
        {(answer) => {
          const { Items } = answer as unknown as Keys;
          if (Items.length === 0) {
            return (
              <EmptyState
                icon={IconKey}
                title={t("No keys yet. Scripts and tools sign in with a key, in your name.")}
              />
            );
          }
          return (
            <Table label={t("API keys")} head={[t("Purpose"), t("Begins with"), t("Made"), t("Expires"), ""]}>
              {Items.map((k) => (
                <tr key={k.Id}>
                  <th scope="row">{k.Purpose}</th>
                  <td className="dim">{k.ApiKey.Hint}</td>
                  <td>
                    <DateTime at={k.Created} />
                  </td>
                  <td>{k.Expires ? <DateTime at={k.Expires} /> : <span className="dim">{t("Never")}</span>}</td>
                  <td>
                    <Right>
                      <Button
                        variant="default"
                        aria-label={t("Revoke {name}…", { name: k.Purpose })}
                        onClick={() => setLeaving(k)}
                      >
                        {t("Revoke…")}
                      </Button>
                    </Right>
                  </td>
                </tr>
              ))}
            </Table>
          );
        }}
      </Read>
      <Modal opened={Boolean(adding)} onClose={() => setAdding(undefined)} title={t("New API key")}>
        <NewKey user={user.Id} onClose={() => setAdding(undefined)} />
      </Modal>
      {leaving && (
        <Confirm
          grave
          opened
          onClose={() => setLeaving(undefined)}
          title={t("Revoke {name}?", { name: leaving.Purpose })}
          action={t("Revoke {name}", { name: leaving.Purpose })}
          onConfirm={() =>
            remove.mutate(
              { params: { id: user.Id, key: leaving.Id } },
              { onError: failed, onSettled: () => setLeaving(undefined) },
            )
          }
        >
          {t("Whatever uses it is refused from now on.")}
        </Confirm>
      )}
    </Page>
  );
}
