import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useStreamStatus } from "~/api/live";
import { retryStream } from "~/api/stream/connection";
import { t } from "~/text/t";
import classes from "./Shell.module.css";

const patience = 2500;

// Banner says that live updates are cut. A server that restarts is back before
// anybody needs to be told.
export function Banner() {
  const down = useStreamStatus() === "down";
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!down) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), patience);
    return () => clearTimeout(timer);
  }, [down]);
  return (
    <div role="status" aria-live="polite">
      {shown && (
        <div className={classes.banner}>
          <span>{t("Live updates are cut. What you see is read again every few seconds, if the server answers.")}</span>
          <Button variant="default" size="compact-xs" h={26} onClick={retryStream}>
            {t("Connect now")}
          </Button>
        </div>
      )}
    </div>
  );
}
