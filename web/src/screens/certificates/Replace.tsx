import { Modal } from "@mantine/core";
import { useState } from "react";
import { useSend } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { DialogForm } from "~/ui/form/DialogForm";
import { done } from "~/ui/notify";
import { CertificateFile } from "./CertificateFile";

type Props = { certificate: Wire<"Certificate">; opened: boolean; onClose: () => void };

// Replace gives a certificate new data: what uses it has the new one from the
// next deployment on.
export function Replace({ certificate, opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={t("Replace {name}", { name: certificate.Name })}>
      <ReplaceForm certificate={certificate} onClose={onClose} />
    </Modal>
  );
}

function ReplaceForm({ certificate, onClose }: Omit<Props, "opened">) {
  const [data, setData] = useState("");
  const [password, setPassword] = useState("");
  const replace = useSend("post", "/api/{spaceId}/certificates/{id}/replace", {
    onDone: () => {
      done(t("It is replaced. What was there before is in the archive."));
      onClose();
    },
  });
  const submit = () => {
    replace.mutate({ params: { id: certificate.Id }, body: { CertificateData: data, Password: password } });
  };
  return (
    <DialogForm of={replace} action={t("Replace")} ready={Boolean(data)} onSubmit={submit} onClose={onClose}>
      <p className="dim">
        {t("What uses the certificate keeps using it, and has the new one from the next deployment on.")}
      </p>
      <CertificateFile password={password} onFile={setData} onPassword={setPassword} />
    </DialogForm>
  );
}
