import { Button, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { Table } from "~/ui/Table";

type Found = { Items: Wire<"PackageDescription">[]; TotalResults: number };

const take = 20;

// Search tries a feed: whether it answers, and what is in it.
export function Search({ feed }: { feed: Wire<"Feed"> }) {
  const [typed, type] = useState("");
  const [term, ask] = useState<string>();
  const found = useGet(
    "/api/{spaceId}/feeds/{id}/packages/search",
    { id: feed.Id },
    { query: { term, take }, enabled: term !== undefined, keep: true, staleTime: 0 },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (term === typed) void found.refetch();
    else ask(typed);
  };
  return (
    <Section title={t("Try it")}>
      <div className={form.fields}>
        <form onSubmit={submit} className={form.line}>
          <TextInput
            w={280}
            label={t("Find packages")}
            description={t("With the settings as they are saved.")}
            placeholder={t("Part of a name")}
            leftSection={<IconSearch size={15} />}
            value={typed}
            onChange={(e) => type(e.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={found.isFetching}>
            {t("Search")}
          </Button>
        </form>
        {term !== undefined && (
          <Read of={found} rows={2}>
            {(answer) => <Results found={answer as unknown as Found} />}
          </Read>
        )}
      </div>
    </Section>
  );
}

function Results({ found: { Items, TotalResults } }: { found: Found }) {
  if (Items.length === 0) return <p className="dim">{t("The feed answers, and has no such package.")}</p>;
  return (
    <>
      <Table label={t("Packages found")} head={[t("Package"), t("Newest version"), t("Description")]}>
        {Items.map((p) => (
          <tr key={p.Id}>
            <th scope="row">{p.Id}</th>
            <td className="number">{p.LatestVersion || "—"}</td>
            <td className="dim">{p.Description}</td>
          </tr>
        ))}
      </Table>
      {TotalResults > Items.length && (
        <p className="dim">{t("The first {n} of {total}.", { n: Items.length, total: TotalResults })}</p>
      )}
    </>
  );
}
