import { type Icon, IconSearch } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ApiError } from "~/api/error";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Filter } from "./Filter";
import { ButtonLink } from "./Link";
import { type Crumb, Page } from "./Page";
import { EmptyState, Read } from "./state";
import { Table } from "./Table";

// Column is a heading and what stands below it; the first names the row.
export type Column<T> = [head: string, cell: (item: T) => ReactNode];

type Props<T> = {
  title: string;
  crumbs?: Crumb[];
  // views stands above the list, such as tabs.
  views?: ReactNode;
  of: UseQueryResult<T[] | null, ApiError>;
  columns: Column<T>[];
  // add leads to where one is made, for those who may.
  add?: { label: string; to: string; needs: string };
  actions?: ReactNode;
  empty: { icon: Icon; title: string; hint?: string };
  // words are what the filter looks in.
  words?: (item: T) => string;
  children?: ReactNode;
};

// ListPage is the screen of a list: a filter, a table, and what is said where
// there is nothing.
export function ListPage<T extends { Id: string }>({
  title,
  crumbs,
  views,
  of,
  columns,
  add,
  empty,
  ...rest
}: Props<T>) {
  const { actions, words, children } = rest;
  const [filter, setFilter] = useQueryWord("filter");
  const mayAdd = useMay(add?.needs) && add;
  const adding = mayAdd && <ButtonLink to={mayAdd.to}>{`${mayAdd.label}…`}</ButtonLink>;
  const wanted = filter.trim().toLowerCase();
  return (
    <Page
      title={title}
      crumbs={crumbs}
      actions={
        <>
          {words && (of.data?.length ?? 0) > 0 && <Filter label={t("Filter")} value={filter} onChange={setFilter} />}
          {actions}
          {adding}
        </>
      }
    >
      {views}
      <Read of={of}>
        {(all) => {
          const items = words ? all.filter((item) => words(item).toLowerCase().includes(wanted)) : all;
          if (all.length === 0) {
            return (
              <EmptyState icon={empty.icon} title={empty.title} hint={empty.hint}>
                {adding}
              </EmptyState>
            );
          }
          if (items.length === 0) return <EmptyState icon={IconSearch} title={t("Nothing matches this filter.")} />;
          return <Rows label={title} items={items} columns={columns} />;
        }}
      </Read>
      {children}
    </Page>
  );
}

type RowsProps<T> = { label: string; items: T[]; columns: Column<T>[] };

// Rows is a table of documents.
export function Rows<T extends { Id: string }>({ label, items, columns }: RowsProps<T>) {
  return (
    <Table label={label} head={columns.map(([head]) => head)}>
      {items.map((item) => (
        <tr key={item.Id}>
          {columns.map(([head, cell], i) =>
            i === 0 ? (
              <th key={head} scope="row">
                {cell(item)}
              </th>
            ) : (
              <td key={head}>{cell(item)}</td>
            ),
          )}
        </tr>
      ))}
    </Table>
  );
}
