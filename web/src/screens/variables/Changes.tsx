import { Modal } from "@mantine/core";
import { t } from "~/text/t";
import { Diff } from "~/ui/Diff";
import { changes } from "~/ui/draft/merge";
import classes from "./Changes.module.css";
import { scopeWords, written } from "./sheet";
import type { ScopeValues, Variable } from "./variables";

type Props = {
  opened: boolean;
  onClose: () => void;
  before: Variable[];
  after: Variable[];
  values: ScopeValues | null;
};

// Changes shows what is about to be saved.
export function Changes({ opened, onClose, before, after, values }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} size={820} title={t("What you have changed")}>
      {changes(before, after).map((c) => {
        const shown = (c.after ?? c.before) as Variable;
        return (
          <section key={c.id} className={classes.change}>
            <h3>
              <code>{shown.Name || t("unnamed")}</code>{" "}
              <span className="dim">{scopeWords(values, shown.Scope) || t("everywhere")}</span>{" "}
              {!c.before && <span className={classes.added}>{t("added")}</span>}
              {!c.after && <span className={classes.removed}>{t("removed")}</span>}
            </h3>
            <VariableDiff before={c.before} after={c.after} values={values} />
          </section>
        );
      })}
    </Modal>
  );
}

type DiffProps = { before?: Variable; after?: Variable; values: ScopeValues | null };

export function VariableDiff({ before, after, values }: DiffProps) {
  return <Diff label={t("Difference")} before={written(before, values)} after={written(after, values)} />;
}
