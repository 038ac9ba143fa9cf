import { IconUserCheck } from "@tabler/icons-react";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { EmptyState } from "~/ui/state";

// Registered is what the link of an invitation shows to who is signed in.
export default function Registered() {
  return (
    <Page title={t("Register")}>
      <EmptyState
        icon={IconUserCheck}
        title={t("You are signed in already.")}
        hint={t("Sign out to use the invitation as somebody else.")}
      />
    </Page>
  );
}
