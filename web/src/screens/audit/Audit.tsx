import { Select, TextInput } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Pager } from "~/ui/Table";
import classes from "./Audit.module.css";
import { Entry } from "./Entry";
import type { Events, Named } from "./event";

const take = 50;

// Audit shows who changed what and when, the newest first.
export default function Audit() {
  const space = useSpaceId();
  const [category, setCategory] = useQueryWord("eventCategories");
  const [kind, setKind] = useQueryWord("documentTypes");
  const [regarding, setRegarding] = useQueryWord("regardingAny");
  const [from, setFrom] = useQueryWord("from");
  const [to, setTo] = useQueryWord("to");
  const [skip] = useQueryWord("skip");
  const categories = useGet("/api/events/categories", {}, { staleTime: 600_000 });
  const kinds = useGet("/api/events/documenttypes", {}, { staleTime: 600_000 });
  const events = useGet(
    "/api/events",
    {},
    {
      keep: true,
      query: {
        spaces: space || undefined,
        includeSystem: space ? "false" : "true",
        eventCategories: category || undefined,
        documentTypes: kind || undefined,
        regardingAny: regarding || undefined,
        from: from || undefined,
        to: to ? `${to}T23:59:59.999Z` : undefined,
        skip: skip || "0",
        take,
      },
    },
  );
  const filtered = Boolean(category || kind || from || to || regarding);
  const choices = (list: unknown) => ((list as Named[] | undefined) ?? []).map((c) => ({ value: c.Id, label: c.Name }));

  return (
    <Page
      title={t("Audit")}
      actions={
        <>
          <Select
            w={190}
            aria-label={t("What happened")}
            placeholder={t("Anything")}
            clearable
            searchable
            data={choices(categories.data)}
            value={category || null}
            onChange={(v) => setCategory(v ?? undefined)}
          />
          <Select
            w={170}
            aria-label={t("Kind of document")}
            placeholder={t("Any kind")}
            clearable
            searchable
            data={choices(kinds.data)}
            value={kind || null}
            onChange={(v) => setKind(v ?? undefined)}
          />
          <TextInput
            type="date"
            aria-label={t("From")}
            value={from}
            onChange={(e) => setFrom(e.currentTarget.value || undefined)}
          />
          <TextInput
            type="date"
            aria-label={t("Until")}
            value={to}
            onChange={(e) => setTo(e.currentTarget.value || undefined)}
          />
        </>
      }
    >
      {regarding && (
        <p className="dim" style={{ margin: 0 }}>
          {t("Only what is about {id}.", { id: regarding })}{" "}
          <button type="button" className={classes.plain} onClick={() => setRegarding(undefined)}>
            {t("Show all")}
          </button>
        </p>
      )}
      <Read of={events}>
        {(answer) => {
          const { Items, TotalResults } = answer as unknown as Events;
          if (Items.length === 0) {
            return (
              <EmptyState
                icon={IconHistory}
                title={filtered ? t("Nothing matches these filters.") : t("Nothing has been changed yet.")}
              />
            );
          }
          return (
            <>
              <ol className={classes.list} aria-label={t("Audit trail")}>
                {Items.map((e) => (
                  <Entry key={e.Id} event={e} />
                ))}
              </ol>
              <Pager total={TotalResults} take={take} />
            </>
          );
        }}
      </Read>
    </Page>
  );
}
