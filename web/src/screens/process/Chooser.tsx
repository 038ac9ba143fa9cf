import { Badge, Modal, Skeleton, TextInput, UnstyledButton } from "@mantine/core";
import { IconPuzzle, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { ErrorState } from "~/ui/state";
import classes from "./Chooser.module.css";
import { isKnown, typeOf } from "./types/registry";

export type Choice = Wire<"StepChoice">;

type Props = { opened: boolean; child: boolean; onClose: () => void; onChoose: (choice: Choice) => void };

// Chooser is the gallery of what a step can be.
export function Chooser({ opened, child, onClose, onChoose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} size={980} title={child ? t("Add child step") : t("Add step")}>
      <Gallery onChoose={onChoose} />
    </Modal>
  );
}

const everything = "";

function Gallery({ onChoose }: { onChoose: (choice: Choice) => void }) {
  const [term, setTerm] = useState("");
  const [category, setCategory] = useState(everything);
  const choices = useGet("/api/{spaceId}/actiontemplates/search", {});
  const categories = useGet("/api/{spaceId}/actiontemplates/categories", {});
  if (choices.error) return <ErrorState error={choices.error} onRetry={() => void choices.refetch()} />;
  if (!choices.data) return <Skeleton height={320} />;
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (c: Choice) => {
    const text = `${nameOf(c)} ${c.Name} ${c.Description} ${c.Keywords} ${c.Type}`.toLowerCase();
    return words.every((w) => text.includes(w));
  };
  const found = choices.data.filter(fits);
  const inCategory = (id: string) => found.filter((c) => c.Category === id || (id === "StepTemplate" && !c.IsBuiltIn));
  const known = ((categories.data as unknown as { Id: string; Name: string }[] | undefined) ?? []).filter(
    (c) => inCategory(c.Id).length > 0,
  );
  // What this server can run comes first.
  const shown = (category === everything ? found : inCategory(category)).toSorted((a, b) => rank(a) - rank(b));
  return (
    <div className={classes.gallery}>
      <TextInput
        aria-label={t("Search steps")}
        placeholder={t("Search steps")}
        leftSection={<IconSearch size={15} />}
        data-autofocus
        value={term}
        onChange={(e) => setTerm(e.currentTarget.value)}
      />
      <div className={classes.columns}>
        <nav aria-label={t("Categories")} className={classes.categories}>
          {[{ Id: everything, Name: t("All") }, ...known].map((c) => (
            <UnstyledButton
              key={c.Id}
              className={classes.category}
              aria-current={category === c.Id ? "true" : undefined}
              onClick={() => setCategory(c.Id)}
            >
              {c.Name}
              <span className="dim number">{c.Id === everything ? found.length : inCategory(c.Id).length}</span>
            </UnstyledButton>
          ))}
        </nav>
        <ul className={classes.cards} aria-label={t("Steps to choose from")}>
          {shown.map((c) => (
            <li key={c.Id}>
              <Card choice={c} onChoose={() => onChoose(c)} />
            </li>
          ))}
          {shown.length === 0 && <li className="dim">{t("No step matches.")}</li>}
        </ul>
      </div>
    </div>
  );
}

// nameOf calls a step type as the process does.
const nameOf = (c: Choice) => (c.IsBuiltIn && isKnown(c.Type) ? typeOf({ ActionType: c.Type }).label : c.Name);

const rank = (c: Choice) => (!c.IsBuiltIn ? 1 : isKnown(c.Type) ? 0 : 2);

function Card({ choice, onChoose }: { choice: Choice; onChoose: () => void }) {
  const Picture = choice.IsBuiltIn ? typeOf({ ActionType: choice.Type }).icon : IconPuzzle;
  const runs = isKnown(choice.Type);
  return (
    <UnstyledButton className={classes.card} onClick={onChoose}>
      <span className={classes.icon}>
        <Picture size={20} stroke={1.6} />
      </span>
      <span className={classes.words}>
        <b>{nameOf(choice)}</b>
        <span className={classes.about}>{choice.Description}</span>
        {!choice.IsBuiltIn && (
          <Badge size="xs" variant="light">
            {t("Step template")}
          </Badge>
        )}
        {choice.IsBuiltIn && !runs && (
          <span className={classes.foreign}>{t("Kept in the process, but not run by this server yet")}</span>
        )}
      </span>
    </UnstyledButton>
  );
}
