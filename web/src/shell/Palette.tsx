import { Loader, Modal } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { t } from "~/text/t";
import classes from "./Palette.module.css";
import { type Place, usePlaces } from "./usePlaces";

type Props = { opened: boolean; onClose: () => void; onHelp: () => void };

// Palette goes anywhere and does what can be done from here, by keyboard alone.
export default function Palette({ opened, onClose, onHelp }: Props) {
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      returnFocus={false}
      size={600}
      yOffset="8vh"
      transitionProps={{ duration: 120 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label={t("Search and commands")}>
        <Modal.Body p={0}>
          <Search onClose={onClose} onHelp={onHelp} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Search({ onClose, onHelp }: Omit<Props, "opened">) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { places, busy } = usePlaces(text, onHelp);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const current = Math.min(at, places.length - 1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is chosen is to be in sight
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current, places.length]);

  const choose = (place: Place | undefined) => {
    if (!place) return;
    onClose();
    place.act();
  };
  const press = (event: KeyboardEvent) => {
    const last = places.length - 1;
    const moves: Record<string, number> = {
      ...{ ArrowDown: current >= last ? 0 : current + 1, ArrowUp: current <= 0 ? last : current - 1 },
      ...{ PageDown: Math.min(last, current + 8), PageUp: Math.max(0, current - 8) },
    };
    const next = moves[event.key];
    if (next !== undefined) setAt(next);
    else if (event.key === "Enter") choose(places[current]);
    else return;
    event.preventDefault();
  };
  const option = (i: number) => `${id}-${i}`;
  return (
    <div className={classes.palette}>
      <div className={classes.field}>
        <IconSearch size={17} aria-hidden />
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog gives the focus a moment later, and who types at once is to be heard
          autoFocus
          role="combobox"
          aria-label={t("Search and commands")}
          aria-expanded
          aria-controls={id}
          aria-activedescendant={places.length > 0 ? option(current) : undefined}
          placeholder={t("Jump to a project, release, target, tenant, page or action")}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(e) => {
            setText(e.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={press}
        />
        {busy && <Loader size={14} aria-hidden />}
      </div>
      <div ref={list} id={id} role="listbox" aria-label={t("Found")} className={classes.list}>
        {places.map((p, i) => (
          // biome-ignore lint/a11y: as above; the keys are heard in the field
          <div
            key={`${p.kind} ${p.key} ${p.label}`}
            id={option(i)}
            role="option"
            aria-selected={i === current}
            className={classes.option}
            onMouseMove={() => setAt(i)}
            onClick={() => choose(p)}
          >
            <span className="ellipsis">{p.label}</span>
            <span className={`ellipsis ${classes.kind}`}>{p.kind}</span>
          </div>
        ))}
      </div>
      <p className={classes.none} role="status">
        {places.length === 0 && !busy ? t("Nothing has “{text}” in its name.", { text }) : ""}
      </p>
    </div>
  );
}
