import { Skeleton } from "@mantine/core";
import { lazy, Suspense, useId } from "react";
import { t } from "~/text/t";
import classes from "./CodeEditor.module.css";
import type { Completions, Language } from "./completion";

export type CodeEditorProps = {
  label: string;
  description?: string;
  error?: string;
  value: string;
  onChange: (value: string) => void;
  language?: Language;
  completions?: Completions;
  readOnly?: boolean;
  // rows is how high it is at least.
  rows?: number;
};

const Surface = lazy(() => import("./Surface"));

// CodeEditor is for scripts and long texts. Its program is loaded when it shows.
export function CodeEditor({ label, description, error, rows = 10, ...rest }: CodeEditorProps) {
  const id = useId();
  return (
    <div className={classes.field}>
      <div id={id} className={classes.label}>
        {label}
      </div>
      {description && <p className={classes.description}>{description}</p>}
      <div className={classes.frame} data-error={error ? true : undefined}>
        <Suspense fallback={<Skeleton height={rows * 20 + 12} radius={0} role="status" aria-label={t("Loading")} />}>
          <Surface labelledBy={id} rows={rows} {...rest} />
        </Suspense>
      </div>
      {error && <p className={classes.error}>{error}</p>}
    </div>
  );
}
