import { Button, Group, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { request } from "~/api/client";
import { errorOf } from "~/api/error";
import { useGet, useSpaceId } from "~/api/query";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { AddAccount } from "./AddAccount";
import { kindOf } from "./accounts";
import classes from "./Form.module.css";

export type Ssh = { host: string; port: number; account: string; fingerprint: string };

type Props = { value: Ssh; onChange: (value: Ssh) => void; of: "machines" | "workers" };

// SshFields are how the server reaches a machine over SSH. The fingerprint can
// be asked of the machine, for the person to compare.
export function SshFields({ value, onChange, of }: Props) {
  const space = useSpaceId();
  const mayAdd = useMay("AccountCreate");
  const accounts = useGet("/api/{spaceId}/accounts/all", {});
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState("");
  const [adding, setAdding] = useState("");
  const kind = kindOf(adding);
  const usable = accounts.data?.filter((a) => ["SshKeyPair", "UsernamePassword"].includes(a.AccountType)) ?? [];

  const ask = async () => {
    setAsking(true);
    setRefused("");
    try {
      const found = await request("get", `/api/{spaceId}/${of}/discover`, {
        params: { spaceId: space },
        query: { host: value.host, port: value.port, type: "Ssh" },
      });
      onChange({ ...value, fingerprint: found.Endpoint?.Fingerprint ?? "" });
    } catch (thrown) {
      const e = errorOf(thrown);
      setRefused([e.message, ...e.details].join(" "));
    } finally {
      setAsking(false);
    }
  };

  return (
    <>
      <div className={classes.pair}>
        <TextInput
          label={t("Host")}
          placeholder="web-1.example.com"
          required
          withAsterisk={false}
          value={value.host}
          onChange={(e) => onChange({ ...value, host: e.currentTarget.value.trim() })}
        />
        <NumberInput
          label={t("Port")}
          min={1}
          max={65535}
          allowDecimal={false}
          value={value.port}
          onChange={(port) => onChange({ ...value, port: Number(port) })}
        />
      </div>
      <Group gap={8} align="flex-end" wrap="nowrap">
        <TextInput
          flex={1}
          label={t("Host key fingerprint")}
          description={t("Compare it with what ssh-keygen -l says on the machine. Another key will be refused.")}
          placeholder="SHA256:…"
          error={refused}
          value={value.fingerprint}
          onChange={(e) => onChange({ ...value, fingerprint: e.currentTarget.value.trim() })}
        />
        <Button variant="default" mb={refused ? 20 : 0} loading={asking} disabled={!value.host} onClick={ask}>
          {t("Ask the machine")}
        </Button>
      </Group>
      <Select
        label={t("Account")}
        description={t("The user and key, or password, to sign in with.")}
        searchable
        nothingFoundMessage={t("No account matches.")}
        data={usable.map((a) => ({ value: a.Id, label: a.Username ? `${a.Name} (${a.Username})` : a.Name }))}
        value={value.account || null}
        onChange={(account) => onChange({ ...value, account: account ?? "" })}
      />
      {mayAdd && (
        <p className={classes.hint}>
          {accounts.data && usable.length === 0 && `${t("There is no account for SSH yet.")} `}
          <button type="button" className={classes.more} onClick={() => setAdding("SshKeyPair")}>
            {t("Add an SSH key pair…")}
          </button>
          {" · "}
          <button type="button" className={classes.more} onClick={() => setAdding("UsernamePassword")}>
            {t("Add a user name and password…")}
          </button>
        </p>
      )}
      <Modal
        opened={Boolean(kind)}
        onClose={() => setAdding("")}
        title={t("Add account: {kind}", { kind: t(kind?.label ?? "") })}
      >
        {kind && (
          <AddAccount
            kind={kind}
            onMade={(made) => onChange({ ...value, account: made.Id })}
            onClose={() => setAdding("")}
          />
        )}
      </Modal>
    </>
  );
}
