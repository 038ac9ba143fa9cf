import { Checkbox } from "@mantine/core";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { Section } from "~/ui/Section";
import classes from "./Deploy.module.css";
import { keyOf, type Place } from "./deployment";

// Places are where something can go at present.
export type Places = Pick<Wire<"DeploymentTemplate">, "PromoteTo" | "TenantPromotions">;

type Props = { offered: Places; places: Place[]; onPlaces: (places: Place[]) => void };

// Where chooses environments, and tenants where there are some to deploy to.
export function Where({ offered, places, onPlaces }: Props) {
  const chosen = new Set(places.map(keyOf));
  const toggle = (place: Place) =>
    onPlaces(chosen.has(keyOf(place)) ? places.filter((p) => keyOf(p) !== keyOf(place)) : [...places, place]);
  const choices = (environments: Wire<"PromotionTarget">[], tenant: string) =>
    environments.map((e) => {
      const place = { environment: e.Id, tenant };
      return <Checkbox key={e.Id} label={e.Name} checked={chosen.has(keyOf(place))} onChange={() => toggle(place)} />;
    });
  const tenants = offered.TenantPromotions ?? [];
  return (
    <Section title={t("Where")}>
      {(offered.PromoteTo ?? []).length > 0 && (
        <fieldset className={classes.places}>
          <legend>{tenants.length > 0 ? t("Without a tenant") : t("Environments")}</legend>
          {choices(offered.PromoteTo ?? [], "")}
        </fieldset>
      )}
      {tenants.map((tenant) => (
        <fieldset key={tenant.Id} className={classes.places}>
          <legend>{tenant.Name}</legend>
          {choices(tenant.PromoteTo ?? [], tenant.Id)}
        </fieldset>
      ))}
    </Section>
  );
}
