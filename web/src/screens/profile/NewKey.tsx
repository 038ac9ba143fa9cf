import { Button, CopyButton, Group, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";

const lifetimes = [30, 90, 180, 365];

// NewKey makes an API key and shows it, once.
export function NewKey({ user, onClose }: { user: string; onClose: () => void }) {
  const [days, setDays] = useState<string | null>("180");
  const [key, setKey] = useState("");
  const add = useSend("post", "/api/users/{id}/apikeys", {
    touches: ["users"],
    onDone: (made) => setKey((made as unknown as { ApiKey: string }).ApiKey),
  });
  const make = (Purpose: string) => {
    const Expires = days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null;
    add.mutate({ params: { id: user }, body: { Purpose, Expires } as never });
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
    <AddForm
      brief
      of={add}
      action={t("Make key")}
      field={{
        label: t("Purpose"),
        description: t("Where it is used, so that you know later what it is safe to revoke."),
      }}
      onAdd={({ Name }) => make(Name)}
      onClose={onClose}
    >
      <Select
        label={t("Expires")}
        placeholder={t("Never")}
        clearable
        data={lifetimes.map((n) => ({ value: String(n), label: t("In {n} days", { n }) }))}
        value={days}
        onChange={setDays}
      />
    </AddForm>
  );
}
