import { NumberInput, Select } from "@mantine/core";
import { t } from "~/text/t";
import classes from "./lifecycles.module.css";
import type { Period } from "./phases";

type Props = { label: string; value: Period; disabled: boolean; onChange: (value: Period) => void };

const strategies = [
  { value: "Default", label: t("As the space says") },
  { value: "Forever", label: t("All, forever") },
  { value: "Count", label: t("The last ones") },
];

const units = [
  { value: "Items", label: t("releases") },
  { value: "Days", label: t("days") },
];

// Retention says how long something is kept.
export function Retention({ label, value, disabled, onChange }: Props) {
  const isCount = value.Strategy === "Count";
  return (
    <div className={classes.retention}>
      <Select
        label={label}
        data={strategies}
        allowDeselect={false}
        disabled={disabled}
        value={value.Strategy || "Default"}
        onChange={(next) => {
          if (!next) return;
          const QuantityToKeep = next === "Count" ? value.QuantityToKeep || 3 : 0;
          onChange({ ...value, Strategy: next, QuantityToKeep, ShouldKeepForever: next === "Forever" });
        }}
      />
      {isCount && (
        <>
          <NumberInput
            size="xs"
            aria-label={t("{label}: how many", { label })}
            min={1}
            disabled={disabled}
            value={value.QuantityToKeep}
            onChange={(n) => onChange({ ...value, QuantityToKeep: Number(n) || 1 })}
          />
          <Select
            aria-label={t("{label}: of what", { label })}
            data={units}
            allowDeselect={false}
            disabled={disabled}
            value={value.Unit}
            onChange={(Unit) => Unit && onChange({ ...value, Unit })}
          />
        </>
      )}
    </div>
  );
}
