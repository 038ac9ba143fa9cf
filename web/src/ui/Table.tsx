import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useQueryWord } from "~/app/navigation";
import { t } from "~/text/t";
import { Link } from "./Link";
import { rowKeys } from "./rows";
import classes from "./Table.module.css";

// Head is the name of a column, which may lead to a page of its own.
type Head = string | { name: string; to: string };

type Props = {
  // label says what the table is of, for those who do not see it.
  label: string;
  // head are the columns; "" is one whose cells speak for themselves.
  head: Head[];
  children: ReactNode;
  // first keeps the first column in sight on small screens.
  first?: boolean;
};

// Table is a plain list. What does not fit scrolls inside it; arrow keys lead
// from row to row.
export function Table({ label, head, children, first }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={`${classes.frame} sideways`} tabIndex={0} aria-label={label} onKeyDown={rowKeys}>
      <table className={classes.table} data-first={first || undefined}>
        <thead>
          <tr>
            {head.map((column, i) =>
              typeof column === "string" ? (
                <th key={column || i} scope="col">
                  {column || <span className="visually-hidden">{t("Actions")}</span>}
                </th>
              ) : (
                <th key={column.to} scope="col">
                  <Link to={column.to}>{column.name}</Link>
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

// Right is what stands at the end of a row.
export function Right({ children }: { children?: ReactNode }) {
  return <div className={classes.right}>{children}</div>;
}

// Pager leads through a list that the server gives in parts; skip in the
// address says where it is.
export function Pager({ total, take }: { total: number; take: number }) {
  const [word, setWord] = useQueryWord("skip");
  const skip = Number(word) || 0;
  const onSkip = (n: number) => setWord(n > 0 ? String(n) : undefined);
  if (total <= take && skip === 0) return null;
  const last = Math.min(skip + take, total);
  return (
    <nav className={classes.pager} aria-label={t("Pages")}>
      <span className="dim number">
        {t("{first}–{last} of {total}", { first: total === 0 ? 0 : skip + 1, last, total: total.toLocaleString("en") })}
      </span>
      <Button variant="default" disabled={skip === 0} onClick={() => onSkip(skip - take)}>
        {t("Previous")}
      </Button>
      <Button variant="default" disabled={last >= total} onClick={() => onSkip(skip + take)}>
        {t("Next")}
      </Button>
    </nav>
  );
}
