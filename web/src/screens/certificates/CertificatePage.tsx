import { Button, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { at } from "~/api/place";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { done, failed } from "~/ui/notify";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { CertificateFacts } from "./CertificateFacts";
import { CertificateFile } from "./CertificateFile";
import { expiryLook } from "./expiry";
import { Replace } from "./Replace";
import { Usages } from "./Usages";

type Certificate = Wire<"Certificate">;

const blank = {
  Id: "",
  Name: "",
  Notes: "",
  EnvironmentIds: [],
  CertificateData: { HasValue: false },
  Password: { HasValue: false },
} as unknown as Certificate;

export default function CertificatePage() {
  const id = useParam("certificate");
  const isNew = id === "create";
  const certificate = useGet("/api/{spaceId}/certificates/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form certificate={blank} />;
  return <Read of={certificate}>{(c) => <Form key={c.Id} certificate={c} />}</Read>;
}

const why = (c: Certificate) => {
  if (!c.Name.trim()) return t("It has no name yet.");
  return c.CertificateData.HasValue ? undefined : t("No file is chosen yet.");
};

function Form({ certificate }: { certificate: Certificate }) {
  const space = useSpaceId();
  const isNew = certificate.Id === "";
  return (
    <DocumentForm
      collection="/api/{spaceId}/certificates"
      document={certificate}
      name={certificate.Name}
      add={t("Add certificate")}
      remove={[t("Delete certificate"), t("The server refuses this while a variable uses it, and says which.")]}
      list={{ label: t("Certificates"), to: to.certificates(space) }}
      place={(made) => to.certificate(space, made.Id)}
      may={{ edit: "CertificateEdit", add: "CertificateCreate", delete: "CertificateDelete" }}
      beside={!isNew && <StatusChip look={expiryLook(certificate)} />}
      actions={!isNew && <Actions certificate={certificate} />}
      why={why}
    >
      {(fields) => (
        <>
          {!fields.isNew && <CertificateFacts certificate={certificate} />}
          <Settings {...fields} />
          {!fields.isNew && <Usages id={certificate.Id} />}
        </>
      )}
    </DocumentForm>
  );
}

function Actions({ certificate }: { certificate: Certificate }) {
  const space = useSpaceId();
  const mayEdit = useMay("CertificateEdit");
  const [replacing, replace] = useState(false);
  const archive = useSend("post", "/api/{spaceId}/certificates/{id}/archive", {
    onDone: () => done(t("It is archived: variables keep it, and it is not offered any more.")),
  });
  const unarchive = useSend("post", "/api/{spaceId}/certificates/{id}/unarchive");
  const change = certificate.Archived ? unarchive : archive;
  return (
    <>
      <Button
        component="a"
        variant="default"
        href={at(`/api/${space}/certificates/${certificate.Id}/export?format=Pem&includePrivateKey=false`)}
        download
      >
        {t("Download")}
      </Button>
      {mayEdit && (
        <>
          <Button
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate({ params: { id: certificate.Id } }, { onError: failed })}
          >
            {certificate.Archived ? t("Take out of the archive") : t("Archive")}
          </Button>
          {!certificate.Archived && <Button onClick={() => replace(true)}>{t("Replace…")}</Button>}
        </>
      )}
      <Replace certificate={certificate} opened={replacing} onClose={() => replace(false)} />
    </>
  );
}

function Settings({ value, put, readOnly, isNew }: Fields<Certificate>) {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  return (
    <Section title={isNew ? t("Certificate") : t("Settings")}>
      <div className={form.fields}>
        <TextInput
          label={t("Name")}
          disabled={readOnly}
          value={value.Name}
          onChange={(e) => put({ Name: e.currentTarget.value })}
        />
        {isNew && (
          <CertificateFile
            password={(value.Password as { NewValue?: string }).NewValue ?? ""}
            onFile={(data, name) =>
              put({
                CertificateData: { HasValue: data !== "", NewValue: data || undefined } as never,
                Name: value.Name || name.replace(/\.\w+$/, ""),
              })
            }
            onPassword={(NewValue) => put({ Password: { HasValue: NewValue !== "", NewValue } as never })}
          />
        )}
        <Textarea
          label={t("Notes")}
          minRows={1}
          disabled={readOnly}
          value={value.Notes ?? ""}
          onChange={(e) => put({ Notes: e.currentTarget.value })}
        />
        <PickMany
          label={t("Environments")}
          placeholder={t("Any environment may use it")}
          disabled={readOnly}
          choices={choicesOf(environments.data)}
          value={value.EnvironmentIds}
          onChange={(EnvironmentIds) => put({ EnvironmentIds })}
        />
      </div>
    </Section>
  );
}
