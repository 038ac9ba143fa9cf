import { useState } from "react";
import { request } from "~/api/client";
import { useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { many, t } from "~/text/t";
import { failed } from "~/ui/notify";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { tagChoices, useTagSets } from "../tenants/tags";
import classes from "./Deploy.module.css";
import { type Place, tenantPlaces } from "./deployment";
import { Environments } from "./Where";

type Props = { tenants: Wire<"TenantPromotion">[]; places: Place[]; onPlaces: (places: Place[]) => void };

// environmentsOf are all environments that any tenant can go to.
function environmentsOf(tenants: Props["tenants"]) {
  const all = new Map(tenants.flatMap((x) => (x.PromoteTo ?? []).map((e) => [e.Id, e])));
  return [...all.values()];
}

// ForTenants chooses tenants, one by one or by their tags, and the environments
// in which it is to be for them.
export function ForTenants({ tenants, places, onPlaces }: Props) {
  const spaceId = useSpaceId();
  const sets = useTagSets("Tenant");
  const [environments, setEnvironments] = useState(() => [...new Set(places.map((p) => p.environment))]);
  const [picked, setPicked] = useState(() => [...new Set(places.map((p) => p.tenant))]);
  const [tags, setTags] = useState<string[]>([]);
  const [tagged, setTagged] = useState<string[]>([]);
  const tell = (in_: string[], some: string[], more: string[]) =>
    onPlaces(tenantPlaces(tenants, in_, [...some, ...more]));

  const byTags = async (chosen: string[]) => {
    setTags(chosen);
    let ids: string[] = [];
    if (chosen.length > 0) {
      const query = { tags: chosen.join(","), take: tenants.length + 10_000 };
      const { Items } = await request("get", "/api/{spaceId}/tenants", { params: { spaceId }, query });
      ids = Items.map((x) => x.Id).filter((id) => tenants.some((x) => x.Id === id));
    }
    setTagged(ids);
    tell(environments, picked, ids);
  };

  const choices = tagChoices(sets);
  const chosen = new Set([...picked, ...tagged]).size;
  return (
    <>
      <Environments
        legend={t("For tenants, in")}
        of={environmentsOf(tenants)}
        chosen={environments}
        onChange={(ids) => {
          setEnvironments(ids);
          tell(ids, picked, tagged);
        }}
      />
      <div className={classes.tenants}>
        <PickMany
          label={t("Tenants")}
          placeholder={t("Choose tenants")}
          limit={50}
          clearable
          choices={choicesOf(tenants)}
          value={picked}
          onChange={(ids) => {
            setPicked(ids);
            tell(environments, ids, tagged);
          }}
        />
        {choices.length > 0 && (
          <PickMany
            label={t("And all with these tags")}
            placeholder={t("Choose tags")}
            clearable
            choices={choices}
            value={tags}
            onChange={(now) => void byTags(now).catch(failed)}
          />
        )}
      </div>
      {chosen > 0 && (
        <p className="dim" role="status">
          {environments.length === 0
            ? t("Choose an environment too.")
            : t("{tenants}, {deployments}.", {
                tenants: many(chosen, "{n} tenant", "{n} tenants"),
                deployments: many(places.length, "once in all", "{n} times in all"),
              })}
        </p>
      )}
    </>
  );
}
