import { NumberInput, Select } from "@mantine/core";
import { useState } from "react";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { minutesOf, spanOf } from "./span";

const units = [
  { value: "1", label: t("minutes") },
  { value: "60", label: t("hours") },
  { value: "1440", label: t("days") },
];

type Props = { label: string; value: string; disabled?: boolean; onChange: (span: string) => void };

// MinutesField is a span of time as a number and its unit.
export function MinutesField({ label, value, disabled, onChange }: Props) {
  const minutes = minutesOf(value);
  const [unit, setUnit] = useState(() => [1440, 60].find((u) => minutes > 0 && minutes % u === 0) ?? 1);
  return (
    <div className={form.line}>
      <NumberInput
        size="xs"
        w={120}
        label={label}
        min={1}
        disabled={disabled}
        value={minutes / unit}
        onChange={(n) => onChange(spanOf(Math.max(1, Math.round((Number(n) || 0) * unit))))}
      />
      <Select
        w={120}
        aria-label={t("Unit of {label}", { label })}
        allowDeselect={false}
        disabled={disabled}
        data={units}
        value={String(unit)}
        onChange={(next) => {
          const size = Number(next) || 1;
          setUnit(size);
          onChange(spanOf(Math.max(1, Math.round(minutes / unit)) * size));
        }}
      />
    </div>
  );
}
