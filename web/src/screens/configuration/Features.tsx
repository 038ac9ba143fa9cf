import { Switch, TextInput } from "@mantine/core";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { NoPermission } from "~/ui/state";
import { SettingsForm } from "./SettingsForm";

type Values = {
  IsBuiltInWorkerEnabled: boolean;
  IsCommunityActionTemplatesEnabled: boolean;
  IsHelpSidebarEnabled: boolean;
  HelpSidebarSupportLink: string;
  HelpSidebarSupportLinkLabel: string;
};

type Server = { ServerUri: string };

export default function Features() {
  const may = useMay("ConfigureServer");
  return (
    <Page narrow title={t("Features")}>
      {may ? (
        <Sections />
      ) : (
        <NoPermission what={t("This page takes the permission {needs}.", { needs: "ConfigureServer" })} />
      )}
    </Page>
  );
}

function Sections() {
  return (
    <>
      <SettingsForm<Values> section="features">
        {({ value, put, readOnly }) => (
          <Section title={t("What is switched on")}>
            <div className={form.fields}>
              <Switch
                label={t("Built-in worker")}
                description={t(
                  "Steps that run on no target can run on the server's own machine. Without it they need a worker.",
                )}
                disabled={readOnly}
                checked={value.IsBuiltInWorkerEnabled}
                onChange={(e) => put({ IsBuiltInWorkerEnabled: e.currentTarget.checked })}
              />
              <Switch
                label={t("Help in clients that have a help sidebar")}
                disabled={readOnly}
                checked={value.IsHelpSidebarEnabled}
                onChange={(e) => put({ IsHelpSidebarEnabled: e.currentTarget.checked })}
              />
              {value.IsHelpSidebarEnabled && (
                <div className={form.pair}>
                  <TextInput
                    label={t("Link to your support")}
                    placeholder="https://help.example.com"
                    disabled={readOnly}
                    value={value.HelpSidebarSupportLink}
                    onChange={(e) => put({ HelpSidebarSupportLink: e.currentTarget.value })}
                  />
                  <TextInput
                    label={t("What the link says")}
                    disabled={readOnly}
                    value={value.HelpSidebarSupportLinkLabel}
                    onChange={(e) => put({ HelpSidebarSupportLinkLabel: e.currentTarget.value })}
                  />
                </div>
              )}
            </div>
          </Section>
        )}
      </SettingsForm>
      <SettingsForm<Server> section="server" needs="AdministerSystem">
        {({ value, put, readOnly }) => (
          <Section title={t("Address of the server")}>
            <TextInput
              label={t("By which people and agents reach it")}
              description={t("Links in messages begin with it. Empty: the one that the server was started with.")}
              placeholder="https://deploy.example.com"
              disabled={readOnly}
              value={value.ServerUri}
              onChange={(e) => put({ ServerUri: e.currentTarget.value })}
            />
          </Section>
        )}
      </SettingsForm>
    </>
  );
}
