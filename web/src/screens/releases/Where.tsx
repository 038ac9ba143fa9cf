import { Checkbox } from "@mantine/core";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { Section } from "~/ui/Section";
import classes from "./Deploy.module.css";
import type { Place } from "./deployment";
import { ForTenants } from "./ForTenants";

// Places are where something can go at present.
export type Places = Pick<Wire<"DeploymentTemplate">, "PromoteTo" | "TenantPromotions">;

type Props = { offered: Places; places: Place[]; onPlaces: (places: Place[]) => void };

// Where chooses environments, and tenants where there are some to deploy to.
export function Where({ offered, places, onPlaces }: Props) {
  const alone = places.filter((p) => !p.tenant);
  const tenanted = places.filter((p) => p.tenant);
  const tenants = offered.TenantPromotions ?? [];
  const environments = offered.PromoteTo ?? [];
  return (
    <Section title={t("Where")}>
      {environments.length > 0 && (
        <Environments
          legend={tenants.length > 0 ? t("Without a tenant") : t("Environments")}
          of={environments}
          chosen={alone.map((p) => p.environment)}
          onChange={(ids) => onPlaces([...ids.map((environment) => ({ environment, tenant: "" })), ...tenanted])}
        />
      )}
      {tenants.length > 0 && (
        <ForTenants tenants={tenants} places={tenanted} onPlaces={(chosen) => onPlaces([...alone, ...chosen])} />
      )}
    </Section>
  );
}

type EnvironmentsProps = {
  legend: string;
  of: Wire<"PromotionTarget">[];
  chosen: string[];
  onChange: (ids: string[]) => void;
};

// Environments chooses some of a few.
export function Environments({ legend, of, chosen, onChange }: EnvironmentsProps) {
  const toggle = (id: string) => onChange(of.map((e) => e.Id).filter((e) => chosen.includes(e) !== (e === id)));
  return (
    <fieldset className={classes.places}>
      <legend>{legend}</legend>
      {of.map((e) => (
        <Checkbox key={e.Id} label={e.Name} checked={chosen.includes(e.Id)} onChange={() => toggle(e.Id)} />
      ))}
    </fieldset>
  );
}
