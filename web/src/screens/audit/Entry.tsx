import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { exact } from "~/text/time";
import { DateTime } from "~/ui/DateTime";
import { Diff } from "~/ui/Diff";
import { Facts } from "~/ui/Section";
import { Read } from "~/ui/state";
import classes from "./Audit.module.css";
import { type Event, placeOf, textOf } from "./event";

// Entry is one line of the audit trail; opened, it shows what was changed.
export function Entry({ event }: { event: Event }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const Arrow = open ? IconChevronDown : IconChevronRight;
  return (
    <li>
      <button
        type="button"
        className={classes.line}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Arrow size={15} aria-hidden />
        <DateTime at={event.Occurred} className={classes.when} />
        <span className={classes.who}>{event.Username}</span>
        <span className={classes.what}>{event.Message}</span>
      </button>
      <div id={id} hidden={!open} className={classes.more}>
        {open && <Whole event={event} />}
      </div>
    </li>
  );
}

function Whole({ event }: { event: Event }) {
  const whole = useGet("/api/events/{id}", { id: event.Id }, { staleTime: 600_000 });
  return (
    <>
      <Facts
        of={[
          [t("When"), exact(new Date(event.Occurred))],
          [t("Signed in with"), event.IdentityEstablishedWith],
          [t("From"), event.IpAddress],
          [t("Program"), event.UserAgent],
          [t("Comments"), event.Comments],
        ]}
      />
      <Read of={whole} rows={2}>
        {(answer) => {
          const { Differences } = (answer as unknown as Event).ChangeDetails;
          if (Differences.length === 0) return <p className="dim">{t("No document was changed by it.")}</p>;
          return Differences.map((d) => (
            <div key={d.path} className={classes.change}>
              <h3>{placeOf(d.path)}</h3>
              <Diff
                before={textOf(d.oldValue)}
                after={textOf(d.value)}
                label={t("Change of {what}", { what: placeOf(d.path) })}
              />
            </div>
          ));
        }}
      </Read>
    </>
  );
}
