import { ActionIcon, SegmentedControl, TextInput, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconFold, IconFoldDown, IconSearch, IconTextWrap } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { t } from "~/text/t";
import classes from "./Log.module.css";
import type { Level } from "./rows";

type Props = {
  word: string;
  onWord: (word: string) => void;
  found: string;
  onStep: (back: boolean) => void;
  level: Level;
  onLevel: (level: Level) => void;
  wrap: boolean;
  onWrap: () => void;
  folded: boolean;
  onFold: () => void;
  errors: number;
  onError: () => void;
};

function Tool({
  label,
  on,
  onClick,
  children,
}: {
  label: string;
  on?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={on} variant={on ? "light" : "default"} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

// LogBar has what changes how a log is shown.
export function LogBar(p: Props) {
  return (
    <div className={classes.bar}>
      <SegmentedControl
        aria-label={t("Level")}
        value={p.level}
        onChange={(value) => p.onLevel(value as Level)}
        data={[
          { value: "all", label: t("Verbose") },
          { value: "info", label: t("Info") },
          { value: "warning", label: t("Warnings") },
          { value: "error", label: t("Errors") },
        ]}
      />
      {p.errors > 0 && (
        <button type="button" className={classes.errors} onClick={p.onError}>
          {p.errors === 1 ? t("Go to the error") : t("Go through {n} errors", { n: p.errors })}
        </button>
      )}
      <span className={classes.gap} />
      <TextInput
        type="search"
        className={classes.search}
        placeholder={t("Search the log")}
        aria-label={t("Search the log")}
        leftSection={<IconSearch size={15} />}
        rightSection={p.word ? <span className={classes.found}>{p.found}</span> : undefined}
        rightSectionWidth={64}
        value={p.word}
        onChange={(e) => p.onWord(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter") p.onStep(e.shiftKey);
        }}
      />
      <Tool label={t("Previous match (N)")} onClick={() => p.onStep(true)}>
        <IconArrowUp size={16} />
      </Tool>
      <Tool label={t("Next match (n)")} onClick={() => p.onStep(false)}>
        <IconArrowDown size={16} />
      </Tool>
      <Tool label={t("Wrap long lines (w)")} on={p.wrap} onClick={p.onWrap}>
        <IconTextWrap size={16} />
      </Tool>
      <Tool label={p.folded ? t("Unfold all (x)") : t("Fold all (x)")} onClick={p.onFold}>
        {p.folded ? <IconFoldDown size={16} /> : <IconFold size={16} />}
      </Tool>
    </div>
  );
}
