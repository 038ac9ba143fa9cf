import { IconMapQuestion } from "@tabler/icons-react";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState } from "~/ui/state";

export function NotFound({ what }: { what?: string }) {
  return (
    <Page title={t("Not found")}>
      <EmptyState
        icon={IconMapQuestion}
        title={what ?? t("There is nothing at this address.")}
        hint={t("It may have been deleted or renamed, or the address is cut off. Look for it by its name instead.")}
      >
        <ButtonLink to="/">{t("Go to the dashboard")}</ButtonLink>
      </EmptyState>
    </Page>
  );
}
