import { NumberInput, Select, Switch, TagsInput } from "@mantine/core";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { SettingsForm } from "./SettingsForm";

type Security = {
  CorsWhitelist: string;
  ReferrerPolicy: string;
  ContentSecurityPolicyEnabled: boolean;
  HttpStrictTransportSecurityEnabled: boolean;
  HttpStrictTransportSecurityMaxAge: number;
  XOptions: { XFrameOptionAllowFrom: string; XFrameOptions: string };
};

const policies = [
  "no-referrer",
  "same-origin",
  "strict-origin",
  "strict-origin-when-cross-origin",
  "origin",
  "origin-when-cross-origin",
];

// WebPortal is what browsers are told about security.
export default function WebPortal() {
  return (
    <Page narrow title={t("Web portal")}>
      <SettingsForm<{ Security: Security }> section="webportal">
        {({ value: { Security: value }, put, readOnly }) => {
          const change = (next: Partial<Security>) => put({ Security: { ...value, ...next } });
          const frames = (value.XOptions.XFrameOptions || "None").toUpperCase();
          return (
            <>
              <Section title={t("Pages of others")}>
                <div className={form.fields}>
                  <TagsInput
                    label={t("Origins whose pages may use the API")}
                    description={t(
                      "Such as https://tools.example.com; * is any, without the sessions of its visitors.",
                    )}
                    disabled={readOnly}
                    value={value.CorsWhitelist.split(",")
                      .map((x) => x.trim())
                      .filter(Boolean)}
                    onChange={(list) => change({ CorsWhitelist: list.join(",") })}
                  />
                  <Select
                    label={t("Pages that may show this portal in a frame")}
                    allowDeselect={false}
                    disabled={readOnly}
                    data={[
                      { value: "SAMEORIGIN", label: t("Only those of this server") },
                      { value: "DENY", label: t("None") },
                      { value: "NONE", label: t("All") },
                    ]}
                    value={frames}
                    onChange={(word) =>
                      change({
                        XOptions: {
                          ...value.XOptions,
                          XFrameOptions: word === "NONE" ? "None" : (word ?? "SAMEORIGIN"),
                        },
                      })
                    }
                  />
                </div>
              </Section>
              <Section title={t("What browsers are told")}>
                <div className={form.fields}>
                  <Switch
                    label={t("Run only scripts of the portal itself")}
                    description={t("A content security policy.")}
                    disabled={readOnly}
                    checked={value.ContentSecurityPolicyEnabled}
                    onChange={(e) => change({ ContentSecurityPolicyEnabled: e.currentTarget.checked })}
                  />
                  <Switch
                    label={t("HTTPS only")}
                    description={t(
                      "Browsers then refuse plain HTTP until the time is over, even if you switch this off.",
                    )}
                    disabled={readOnly}
                    checked={value.HttpStrictTransportSecurityEnabled}
                    onChange={(e) => change({ HttpStrictTransportSecurityEnabled: e.currentTarget.checked })}
                  />
                  {value.HttpStrictTransportSecurityEnabled && (
                    <NumberInput
                      size="xs"
                      label={t("For how many seconds")}
                      min={0}
                      allowDecimal={false}
                      disabled={readOnly}
                      value={value.HttpStrictTransportSecurityMaxAge}
                      onChange={(n) => change({ HttpStrictTransportSecurityMaxAge: Number(n) || 0 })}
                    />
                  )}
                  <Select
                    label={t("Referrer policy")}
                    description={t("What other sites are told when somebody follows a link to them.")}
                    allowDeselect={false}
                    disabled={readOnly}
                    placeholder={t("What the browser tells by itself")}
                    data={[...new Set([...policies, value.ReferrerPolicy])].filter(Boolean)}
                    value={value.ReferrerPolicy || null}
                    onChange={(word) => change({ ReferrerPolicy: word ?? value.ReferrerPolicy })}
                  />
                </div>
              </Section>
            </>
          );
        }}
      </SettingsForm>
    </Page>
  );
}
