import { Select } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { useGet } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Filter } from "~/ui/Filter";
import { Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import type { Look } from "~/ui/status";
import { Pager, Table } from "~/ui/Table";
import classes from "./Logs.module.css";
import { fits, type Line, severities } from "./lines";

const looks: Record<string, Look> = {
  Error: { tone: "bad", shape: "diamond", word: t("Error") },
  Fatal: { tone: "bad", shape: "diamond", word: t("Error") },
  Warning: { tone: "warn", shape: "triangle", word: t("Warning") },
};

const usual: Look = { tone: "wait", shape: "ring", word: t("Note") };

const take = 100;

// The node remembers no more lines than this.
const all = 1000;

// Logs are what the node that answers has told lately, the newest first.
export default function Logs() {
  const [words, setWords] = useQueryWord("q");
  const [level, setLevel] = useQueryWord("level");
  const [skip] = useQueryWord("skip");
  const query = { take: all, includeDetail: true };
  // The stream does not tell of new lines.
  const logs = useGet("/api/serverstatus/logs", {}, { query, refetchInterval: 5000 });
  return (
    <Page
      title={t("Server log")}
      actions={
        <>
          <Filter label={t("Filter by text")} value={words} onChange={setWords} />
          <Select
            w={170}
            aria-label={t("Least level")}
            placeholder={t("Any level")}
            clearable
            data={severities.map(({ value, label }) => ({ value, label: t(label) }))}
            value={level || null}
            onChange={(value) => setLevel(value ?? undefined)}
          />
        </>
      }
    >
      <Read of={logs} rows={10}>
        {(answer) => {
          const lines = ((answer ?? []) as unknown as Line[]).filter((line) => fits(line, words, level));
          const first = Number(skip) || 0;
          if (lines.length === 0) {
            return (
              <EmptyState
                icon={IconFileText}
                title={words || level ? t("No line matches these filters.") : t("Nothing yet.")}
              />
            );
          }
          return (
            <>
              <Table label={t("Server log")} head={[t("When"), t("Level"), t("Message")]}>
                {lines.slice(first, first + take).map((line) => (
                  <tr key={line.Number}>
                    <td className={classes.when}>
                      <DateTime at={line.OccurredAt} />
                    </td>
                    <td>
                      <StatusChip look={looks[line.Category] ?? usual} />
                    </td>
                    <td className={classes.said}>
                      {line.MessageText} {line.Detail && <span className={classes.detail}>{line.Detail}</span>}
                    </td>
                  </tr>
                ))}
              </Table>
              <Pager total={lines.length} take={take} />
            </>
          );
        }}
      </Read>
    </Page>
  );
}
