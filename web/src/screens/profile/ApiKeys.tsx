import { Button, CopyButton, Group, Modal, Select, TextInput } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useGet, useSend } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Refusal } from "~/ui/Refusal";
import { EmptyState, Read } from "~/ui/state";
import { Right, Table } from "~/ui/Table";

type Key = { Id: string; Purpose: string; Created: string; Expires: string | null; ApiKey: { Hint: string | null } };
type Keys = { Items: Key[] };

const lifetimes = [30, 90, 180, 365];

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

function NewKey({ user, onClose }: { user: string; onClose: () => void }) {
  const [purpose, setPurpose] = useState("");
  const [days, setDays] = useState<string | null>("180");
  const [key, setKey] = useState("");
  const add = useSend("post", "/api/users/{id}/apikeys", {
    touches: ["users"],
    onDone: (made) => setKey((made as unknown as { ApiKey: string }).ApiKey),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const Expires = days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null;
    add.mutate({ params: { id: user }, body: { Purpose: purpose, Expires } as never });
  };
  if (key) {
    return (
      <>
        <p style={{ marginTop: 0 }}>{t("This is the only time that the key is shown.")}</p>
        <TextInput label={t("Key")} readOnly value={key} onFocus={(e) => e.currentTarget.select()} />
        <Group justify="flex-end" gap={8} mt={20}>
          <CopyButton value={key}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? t("Copied") : t("Copy")}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>{t("Done")}</Button>
        </Group>
      </>
    );
  }
  return (
    <form onSubmit={submit}>
      <Refusal of={add.error} />
      <TextInput
        label={t("Purpose")}
        description={t("Where it is used, so that you know later what it is safe to revoke.")}
        required
        withAsterisk={false}
        data-autofocus
        value={purpose}
        onChange={(e) => setPurpose(e.currentTarget.value)}
      />
      <Select
        mt={12}
        label={t("Expires")}
        placeholder={t("Never")}
        clearable
        data={lifetimes.map((n) => ({ value: String(n), label: t("In {n} days", { n }) }))}
        value={days}
        onChange={setDays}
      />
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!purpose.trim()}>
          {t("Make key")}
        </Button>
      </Group>
    </form>
  );
}
