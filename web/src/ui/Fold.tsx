import { UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { type ReactNode, useId, useState } from "react";
import classes from "./Fold.module.css";

type Props = {
  title: string;
  // summary says in a line what is inside, while it is closed.
  summary?: ReactNode;
  open?: boolean;
  // wrong opens it: something inside has to be mended.
  wrong?: boolean;
  children: ReactNode;
};

// Fold is a part of a form that can be closed.
export function Fold({ title, summary, open = false, wrong, children }: Props) {
  const [opened, set] = useState(open);
  const id = useId();
  const shown = opened || Boolean(wrong);
  return (
    <section className={classes.fold} data-wrong={wrong || undefined}>
      <h2 className={classes.title}>
        <UnstyledButton className={classes.head} aria-expanded={shown} aria-controls={id} onClick={() => set(!shown)}>
          <IconChevronRight size={15} className={classes.mark} aria-hidden />
          <span>{title}</span>
          {!shown && summary && <span className={classes.summary}>{summary}</span>}
        </UnstyledButton>
      </h2>
      <div id={id} hidden={!shown}>
        {shown && <div className={classes.body}>{children}</div>}
      </div>
    </section>
  );
}
