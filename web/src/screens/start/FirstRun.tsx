import { Button } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useState } from "react";
import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { EmptyState } from "~/ui/state";
import { Checklist } from "./Checklist";

const keyOf = (space: string) => `tako.start.hidden.${space}`;

function isHidden(space: string): boolean {
  try {
    return localStorage.getItem(keyOf(space)) !== null;
  } catch {
    return false;
  }
}

// FirstRun stands on the dashboard until something has been deployed.
export default function FirstRun() {
  const space = useSpaceId();
  const [hidden, setHidden] = useState(() => isHidden(space));
  if (hidden) {
    return (
      <EmptyState icon={IconRocket} title={t("Nothing has been deployed in this space yet.")}>
        <ButtonLink to={to.start(space)}>{t("Open the setup checklist")}</ButtonLink>
      </EmptyState>
    );
  }
  const hide = () => {
    setHidden(true);
    try {
      localStorage.setItem(keyOf(space), "yes");
    } catch {
      // A browser that keeps nothing shows it again next time.
    }
  };
  return (
    <section aria-label={t("Setup checklist")}>
      <Checklist>
        <Button variant="subtle" h={26} px={8} onClick={hide}>
          {t("Hide")}
        </Button>
      </Checklist>
    </section>
  );
}
