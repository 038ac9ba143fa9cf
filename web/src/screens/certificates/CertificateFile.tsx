import { FileInput, PasswordInput } from "@mantine/core";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { base64Of } from "./expiry";

type Props = {
  password: string;
  onFile: (base64: string, name: string) => void;
  onPassword: (password: string) => void;
};

// CertificateFile takes a certificate's file and what opens it.
export function CertificateFile({ password, onFile, onPassword }: Props) {
  return (
    <div className={form.pair}>
      <FileInput
        size="xs"
        label={t("File")}
        description={t("PKCS #12 (.pfx, .p12), PEM or DER.")}
        placeholder={t("Choose a file…")}
        accept=".pfx,.p12,.pem,.crt,.cer,.der"
        clearable
        clearButtonProps={{ "aria-label": t("Take another file") }}
        onChange={async (file) => (file ? onFile(await base64Of(file), file.name) : onFile("", ""))}
      />
      <PasswordInput
        label={t("Password of the file")}
        description={t("If it has one.")}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ "aria-label": t("Show what is typed") }}
        value={password}
        onChange={(e) => onPassword(e.currentTarget.value)}
      />
    </div>
  );
}
