import { NumberInput, Switch, TextInput } from "@mantine/core";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { SecretField } from "~/ui/form/SecretField";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { SettingsForm } from "./SettingsForm";
import { TestMail } from "./TestMail";

type Values = {
  SmtpHost: string;
  SmtpPort: number;
  SendEmailFrom: string;
  SmtpLogin: string;
  SmtpPassword: { HasValue: boolean; NewValue?: string | null };
  EnableSsl: boolean;
  Details?: unknown;
};

export default function Mail() {
  return (
    <Page narrow title={t("Mail")}>
      <SettingsForm<Values> section="smtp">
        {({ value, put, readOnly, dirty }) => {
          // The sign-in is said once: what stands in Details would win.
          const change = (next: Partial<Values>) => put({ ...next, Details: undefined });
          return (
            <>
              <Section title={t("How the server sends mail")}>
                <div className={form.fields}>
                  <div className={form.pair}>
                    <TextInput
                      label={t("SMTP server")}
                      placeholder="smtp.example.com"
                      spellCheck={false}
                      disabled={readOnly}
                      value={value.SmtpHost}
                      onChange={(e) => change({ SmtpHost: e.currentTarget.value })}
                    />
                    <NumberInput
                      size="xs"
                      label={t("Port")}
                      min={1}
                      max={65535}
                      disabled={readOnly}
                      value={value.SmtpPort}
                      onChange={(n) => change({ SmtpPort: Number(n) || 0 })}
                    />
                  </div>
                  <Switch
                    label={t("Encrypted (TLS)")}
                    disabled={readOnly}
                    checked={value.EnableSsl}
                    onChange={(e) => change({ EnableSsl: e.currentTarget.checked })}
                  />
                  <TextInput
                    label={t("Sender")}
                    placeholder="tako@example.com"
                    type="email"
                    disabled={readOnly}
                    value={value.SendEmailFrom}
                    onChange={(e) => change({ SendEmailFrom: e.currentTarget.value })}
                  />
                  <div className={form.pair}>
                    <TextInput
                      label={t("User name")}
                      placeholder={t("None")}
                      autoComplete="off"
                      disabled={readOnly}
                      value={value.SmtpLogin}
                      onChange={(e) => change({ SmtpLogin: e.currentTarget.value })}
                    />
                    <SecretField
                      label={t("Password")}
                      disabled={readOnly}
                      value={value.SmtpPassword}
                      onChange={(SmtpPassword) => change({ SmtpPassword })}
                    />
                  </div>
                </div>
              </Section>
              <TestMail ready={Boolean(value.SmtpHost) && !dirty} />
            </>
          );
        }}
      </SettingsForm>
    </Page>
  );
}
