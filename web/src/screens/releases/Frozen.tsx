import { Button, Checkbox, TextInput } from "@mantine/core";
import { IconSnowflake } from "@tabler/icons-react";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { exact } from "~/text/time";
import { localOf } from "../freezes/freezes";
import classes from "./Deploy.module.css";
import type { Choice, Freeze } from "./deployment";

type Props = {
  // held are the freezes, each with the names of the places that it holds back.
  held: { freeze: Freeze; places: string[] }[];
  choice: Choice;
  onChange: (part: Partial<Choice>) => void;
};

const minute = 60_000;

// thawed is the first whole minute in which none of some freezes holds any more.
export function thawed(freezes: Pick<Freeze, "Until">[]): string {
  const last = Math.max(...freezes.map((f) => Date.parse(f.Until ?? "")));
  return localOf(new Date(Math.ceil(last / minute) * minute).toISOString());
}

// Frozen says which freezes keep what is chosen from being deployed, and what
// there is to do.
export function Frozen({ held, choice, onChange }: Props) {
  const mayOverride = useMay("DeploymentFreezeAdminister");
  const title = choice.later ? t("A deployment freeze is in force then") : t("A deployment freeze is in force");
  return (
    <section className={classes.frozen} aria-label={title}>
      <strong>
        <IconSnowflake size={16} aria-hidden /> {title}
      </strong>
      <ul className={classes.freezes}>
        {held.map(({ freeze, places }) => (
          <li key={freeze.Id}>
            {t("{name} keeps this release from {places} until {until}.", {
              name: freeze.Name,
              places: places.join("; "),
              until: exact(new Date(freeze.Until ?? "")),
            })}{" "}
            {freeze.Description}
          </li>
        ))}
      </ul>
      <div className={classes.thaw}>
        <Button
          variant="default"
          onClick={() => onChange({ later: thawed(held.map((h) => h.freeze)), inSpite: false, reason: "" })}
        >
          {t("Deploy when it has ended")}
        </Button>
        {mayOverride ? (
          <Checkbox
            label={t("Deploy in spite of it")}
            checked={choice.inSpite}
            onChange={(e) => onChange({ inSpite: e.currentTarget.checked })}
          />
        ) : (
          <span>
            {t("To deploy in spite of it needs the permission {name}.", { name: "DeploymentFreezeAdminister" })}
          </span>
        )}
      </div>
      {mayOverride && choice.inSpite && (
        <TextInput
          mt={8}
          maw={520}
          label={t("Reason")}
          description={t("It stands with the deployment, for everybody to read.")}
          required
          withAsterisk={false}
          value={choice.reason}
          onChange={(e) => onChange({ reason: e.currentTarget.value })}
        />
      )}
    </section>
  );
}
