import { t } from "~/text/t";
import { Flag, Pick, Text, useProperty } from "../parts/fields";
import classes from "../parts/parts.module.css";
import { isTrue } from "../steps";
import { Teams } from "./Manual";

const email = "Octopus.Action.Email";

const priorities = [
  { value: "Low", label: t("Low") },
  { value: "Normal", label: t("Normal") },
  { value: "High", label: t("High") },
];

function People({ kind, label }: { kind: "To" | "CC" | "Bcc"; label: string }) {
  return (
    <div className={classes.pair}>
      <Text name={`${email}.${kind}`} label={label} placeholder={t("Addresses, separated by commas")} />
      <Teams name={`${email}.${kind}TeamIds`} label={t("{label}: teams", { label })} />
    </div>
  );
}

// Email is the form of steps that send a message.
export function Email() {
  const [html] = useProperty(`${email}.IsHtml`);
  return (
    <>
      <People kind="To" label={t("To")} />
      <People kind="CC" label={t("Copy to")} />
      <People kind="Bcc" label={t("Hidden copy to")} />
      <Text name={`${email}.Subject`} label={t("Subject")} />
      <Text
        name={`${email}.Body`}
        label={t("Text")}
        description={isTrue(html) ? t("Sent as HTML.") : t("Sent as plain text.")}
        rows={8}
      />
      <div className={classes.pair}>
        <Pick name={`${email}.Priority`} label={t("Importance")} choices={priorities} otherwise="Normal" />
        <Flag name={`${email}.IsHtml`} label={t("The text is HTML")} />
      </div>
    </>
  );
}
