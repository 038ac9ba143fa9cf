import { NumberInput, TextInput } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { DocumentForm } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { SecretField } from "~/ui/form/SecretField";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "../infrastructure/places";

type Proxy = Wire<"Proxy">;

const blank = {
  Id: "",
  Name: "",
  Host: "",
  Port: 8080,
  ProxyType: "HTTP",
  Username: "",
  Password: { HasValue: false },
} as unknown as Proxy;

export default function ProxyPage() {
  const id = useParam("proxy");
  const isNew = id === "create";
  const proxy = useGet("/api/{spaceId}/proxies/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form proxy={blank} />;
  return <Read of={proxy}>{(p) => <Form key={p.Id} proxy={p} />}</Read>;
}

const why = (p: Proxy) => {
  if (!p.Name.trim()) return t("It has no name yet.");
  return p.Host.trim() ? undefined : t("It has no address yet.");
};

function Form({ proxy }: { proxy: Proxy }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/proxies"
      document={proxy}
      name={proxy.Name}
      add={t("Add proxy")}
      remove={[t("Delete proxy"), t("The server refuses this while a machine is reached through it, and says which.")]}
      list={{ label: t("Proxies"), to: places.proxies(space) }}
      place={(made) => places.proxy(space, made.Id)}
      may={{ edit: "ProxyEdit", add: "ProxyCreate", delete: "ProxyDelete" }}
      why={why}
    >
      {({ value, put, readOnly }) => (
        <Section title={t("Proxy")}>
          <div className={form.fields}>
            <TextInput
              label={t("Name")}
              disabled={readOnly}
              value={value.Name}
              onChange={(e) => put({ Name: e.currentTarget.value })}
            />
            <div className={form.pair}>
              <TextInput
                label={t("Host")}
                disabled={readOnly}
                spellCheck={false}
                value={value.Host}
                onChange={(e) => put({ Host: e.currentTarget.value })}
              />
              <NumberInput
                size="xs"
                label={t("Port")}
                min={1}
                max={65535}
                disabled={readOnly}
                value={value.Port}
                onChange={(n) => put({ Port: Number(n) || 0 })}
              />
            </div>
            <div className={form.pair}>
              <TextInput
                label={t("User name")}
                placeholder={t("None")}
                autoComplete="off"
                disabled={readOnly}
                value={value.Username}
                onChange={(e) => put({ Username: e.currentTarget.value })}
              />
              <SecretField
                label={t("Password")}
                disabled={readOnly}
                value={value.Password}
                onChange={(next) => put({ Password: next as never })}
              />
            </div>
          </div>
        </Section>
      )}
    </DocumentForm>
  );
}
