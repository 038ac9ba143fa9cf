import { Switch } from "@mantine/core";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { SettingsForm } from "./SettingsForm";

export default function Maintenance() {
  return (
    <Page narrow title={t("Maintenance")}>
      <SettingsForm<{ IsInMaintenanceMode: boolean }> section="maintenance" needs="AdministerSystem">
        {({ value, put, readOnly }) => (
          <Section title={t("Maintenance mode")}>
            <Switch
              label={t("The server is in maintenance mode")}
              description={t(
                "Only administrators can change anything, and no task begins; those that run go on. Everybody sees a banner.",
              )}
              disabled={readOnly}
              checked={value.IsInMaintenanceMode}
              onChange={(e) => put({ IsInMaintenanceMode: e.currentTarget.checked })}
            />
          </Section>
        )}
      </SettingsForm>
    </Page>
  );
}
