import { Alert, Button } from "@mantine/core";
import { type UseQueryOptions, useQueries } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { type ApiError, errorOf } from "~/api/error";
import { useQueryWord } from "~/app/navigation";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { type Crumb, Page } from "~/ui/Page";
import { Refusal } from "~/ui/Refusal";
import { EmptyState } from "~/ui/state";
import { momentOf } from "../freezes/freezes";
import classes from "./Deploy.module.css";
import {
  type Choice,
  type Execution,
  executionOf,
  type Foreseen,
  heldBack,
  keyOf,
  nothing,
  type Place,
  unanswered,
} from "./deployment";
import { Frozen } from "./Frozen";
import { Options } from "./Options";
import { PreviewCard } from "./PreviewCard";
import { type Places, Where } from "./Where";

// unfolded is how many places show all that is done there.
const unfolded = 4;

// most is how many places are taken at once, each with a preview.
const most = 250;

type Props = {
  title: string;
  crumbs: Crumb[];
  // back is where somebody goes who does not want it after all.
  back: string;
  places: Places;
  // foresee asks what would happen at a place, now or at a later moment.
  foresee: (place: Place, queueTime?: string) => UseQueryOptions<Foreseen, ApiError>;
  send: (execution: Execution) => Promise<{ Id: string }>;
  onMade: (ids: string[]) => void;
  words: {
    one: (environment: string) => string;
    several: (count: number) => string;
    none: string;
    nowhere: string;
    whyNowhere: string;
  };
  // above stands before the choice of places.
  above?: ReactNode;
};

// ExecutionForm chooses where something is deployed or run, asks what it needs
// to know, and shows beforehand what will be done.
export function ExecutionForm({ title, crumbs, back, places, foresee, send, onMade, words, above }: Props) {
  const [environment] = useQueryWord("environment");
  const [tenant] = useQueryWord("tenant");
  const [choice, setChoice] = useState<Choice>(() => ({ ...nothing, places: begun(places, environment, tenant) }));
  const [busy, setBusy] = useState(false);
  // tries begins the choice of places anew after a try that got halfway.
  const [tries, setTries] = useState(0);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const tooMany = choice.places.length > most;
  const previews = useQueries({ queries: tooMany ? [] : choice.places.map((place) => foresee(place)) });
  const moment = momentOf(choice.later) ?? undefined;
  const then = useQueries({ queries: tooMany || !moment ? [] : choice.places.map((place) => foresee(place, moment)) });
  const freezes = (moment ? then : previews).map((p) => p.data?.Freezes);
  const titles = choice.places.map((p) => titleOf(places, p));
  const held = heldBack(titles, freezes);
  const thawed = held.length === 0 || (choice.inSpite && choice.reason.trim() !== "");
  const change = (part: Partial<Choice>) => setChoice((before) => ({ ...before, ...part }));
  const lacking = (tooMany ? [] : choice.places).flatMap((place, i) =>
    unanswered(place, previews[i]?.data?.Form, choice.values),
  );
  const ready =
    choice.places.length > 0 &&
    !tooMany &&
    previews.every((p) => p.data && !p.data.Blocked) &&
    then.every((p) => p.data) &&
    lacking.length === 0 &&
    thawed;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    const made: string[] = [];
    try {
      for (const [i, place] of choice.places.entries()) {
        const { Id } = await send(executionOf(place, previews[i]?.data, choice, freezes[i]));
        made.push(Id);
      }
      onMade(made);
    } catch (thrown) {
      setRefusal(errorOf(thrown));
      // What was made is not made again by another try.
      change({ places: choice.places.slice(made.length) });
      setTries((n) => n + 1);
    } finally {
      setBusy(false);
    }
  };

  const first = nameOf(places, choice.places[0]?.environment ?? "");
  const count = choice.places.length;
  const label = count === 1 ? words.one(first) : count > 1 ? words.several(count) : words.none;
  return (
    <form onSubmit={submit}>
      <Page
        title={title}
        narrow
        crumbs={crumbs}
        actions={
          <>
            {thawed && lacking.length > 0 && (
              <span className={classes.lacking}>
                {t("Still to answer: {questions}", { questions: [...new Set(lacking)].join(", ") })}
              </span>
            )}
            {!thawed && <span className={classes.lacking}>{t("Held back by a deployment freeze")}</span>}
            <ButtonLink to={back} variant="default">
              {t("Back")}
            </ButtonLink>
            <Button type="submit" loading={busy} disabled={!ready}>
              {label}
            </Button>
          </>
        }
      >
        <Refusal of={refusal} />
        {above}
        {(places.PromoteTo ?? []).length === 0 && (places.TenantPromotions ?? []).length === 0 ? (
          <EmptyState title={words.nowhere} hint={words.whyNowhere} />
        ) : (
          <>
            <Where
              key={tries}
              offered={places}
              places={choice.places}
              onPlaces={(chosen) => change({ places: chosen })}
            />
            {tooMany && (
              <Alert color="bad">
                {t("{n} at once are too many. Choose fewer: at most {most}.", { n: choice.places.length, most })}
              </Alert>
            )}
            {held.length > 0 && <Frozen held={held} choice={choice} onChange={change} />}
            {(tooMany ? [] : choice.places).map((place, i) => (
              <PreviewCard
                key={keyOf(place)}
                place={place}
                name={titles[i] ?? ""}
                folded={count > unfolded}
                preview={previews[i]?.data}
                error={previews[i]?.error ?? null}
                choice={choice}
                onChange={change}
              />
            ))}
            {count > 0 && <Options choice={choice} previews={previews.map((p) => p.data)} onChange={change} />}
          </>
        )}
      </Page>
    </form>
  );
}

// titleOf names a place: its environment, and its tenant if it is for one.
function titleOf(places: Places, { environment, tenant }: Place): string {
  const name = nameOf(places, environment);
  const of = places.TenantPromotions?.find((x) => x.Id === tenant);
  return of ? t("{name}, {tenant}", { name, tenant: of.Name }) : name;
}

// nameOf is the name of an environment that is offered.
function nameOf(places: Places, id: string): string {
  const all = [...(places.PromoteTo ?? []), ...(places.TenantPromotions ?? []).flatMap((x) => x.PromoteTo ?? [])];
  return all.find((e) => e.Id === id)?.Name ?? id;
}

// begun is what is chosen beforehand: what the address says, if it is offered, or
// the only place there is.
function begun(places: Places, environment: string, tenant: string): Place[] {
  const of = tenant ? places.TenantPromotions?.find((x) => x.Id === tenant)?.PromoteTo : places.PromoteTo;
  const [only, ...others] = of ?? [];
  if (!environment && only && others.length === 0 && !places.TenantPromotions?.length) {
    return [{ environment: only.Id, tenant }];
  }
  return (of ?? []).some((e) => e.Id === environment) ? [{ environment, tenant }] : [];
}
