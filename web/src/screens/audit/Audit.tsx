import { Button, Select, TextInput } from "@mantine/core";
import { IconDownload, IconHistory } from "@tabler/icons-react";
import { at } from "~/api/place";
import { useGet, useSpaceId } from "~/api/query";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { SavedFilters } from "~/ui/SavedFilters";
import { EmptyState, Read } from "~/ui/state";
import { Pager } from "~/ui/Table";
import classes from "./Audit.module.css";
import { Entry } from "./Entry";
import type { Events, Named } from "./event";

const take = 50;

// csvOf is the address of what is filtered as a table for other programs.
function csvOf(wanted: Record<string, string | undefined>): string {
  const given = Object.entries(wanted).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return at(`/api/events?${new URLSearchParams([...given, ["asCsv", "true"], ["take", "100000"]])}`);
}

// Audit shows who changed what and when, the newest first.
export default function Audit() {
  // The page of the system is seen from within a space too, but is about all of them.
  const ofSpace = useSpaceId();
  const space = useParam("space") ? ofSpace : "";
  const [category, setCategory] = useQueryWord("eventCategories");
  const [kind, setKind] = useQueryWord("documentTypes");
  const [regarding, setRegarding] = useQueryWord("regardingAny");
  const [from, setFrom] = useQueryWord("from");
  const [to, setTo] = useQueryWord("to");
  const [skip] = useQueryWord("skip");
  const categories = useGet("/api/events/categories", {}, { staleTime: 600_000 });
  const kinds = useGet("/api/events/documenttypes", {}, { staleTime: 600_000 });
  const wanted = {
    spaces: space || undefined,
    includeSystem: space ? "false" : "true",
    eventCategories: category || undefined,
    documentTypes: kind || undefined,
    regardingAny: regarding || undefined,
    from: from || undefined,
    to: to ? `${to}T23:59:59.999Z` : undefined,
  };
  const events = useGet("/api/events", {}, { keep: true, query: { ...wanted, skip: skip || "0", take } });
  const mayArchives = useMay("EventRetentionView") && !space;
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
            leftSection={t("From")}
            leftSectionWidth={48}
            value={from}
            onChange={(e) => setFrom(e.currentTarget.value || undefined)}
          />
          <TextInput
            type="date"
            aria-label={t("Until")}
            leftSection={t("Until")}
            leftSectionWidth={48}
            value={to}
            onChange={(e) => setTo(e.currentTarget.value || undefined)}
          />
          <SavedFilters of="audit" />
          <Button
            component="a"
            variant="default"
            href={csvOf(wanted)}
            leftSection={<IconDownload size={15} aria-hidden />}
          >
            {t("CSV")}
          </Button>
          {mayArchives && (
            <ButtonLink variant="default" to="/configuration/audit/archives">
              {t("Archived")}
            </ButtonLink>
          )}
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
