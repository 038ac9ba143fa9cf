import { ActionIcon, Checkbox, NumberInput, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import type { Environment } from "~/api/wire";
import { t } from "~/text/t";
import { choicesOf, PickMany } from "~/ui/PickMany";
import classes from "./lifecycles.module.css";
import { environmentsOf, type Phase, withAutomatic, withEnvironments } from "./phases";
import { Retention } from "./Retention";

type Props = {
  phase: Phase;
  at: number;
  of: number;
  environments: Environment[];
  mayEdit: boolean;
  onChange: (phase: Phase) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
};

const inherited = { Strategy: "Default", Unit: "Items", QuantityToKeep: 0, ShouldKeepForever: false };

// PhaseCard edits one phase; Alt and the arrow keys move it.
export function PhaseCard({ phase, at, of, environments, mayEdit, onChange, onMove, onRemove }: Props) {
  const all = environmentsOf(phase);
  const name = phase.Name || t("phase {n}", { n: at + 1 });
  const press = (e: KeyboardEvent) => {
    const by = e.key === "ArrowUp" ? -1 : e.key === "ArrowDown" ? 1 : 0;
    if (!e.altKey || by === 0 || !mayEdit) return;
    e.preventDefault();
    onMove(at + by);
  };
  return (
    <li className={classes.phase} onKeyDown={press}>
      <div className={classes.phaseHead}>
        <span className={`${classes.order} number`} aria-hidden>
          {at + 1}
        </span>
        <TextInput
          label={t("Name")}
          flex={1}
          miw={110}
          disabled={!mayEdit}
          value={phase.Name}
          onChange={(e) => onChange({ ...phase, Name: e.currentTarget.value })}
        />
        {mayEdit && (
          <>
            <ActionIcon aria-label={t("Move {name} up", { name })} disabled={at === 0} onClick={() => onMove(at - 1)}>
              <IconArrowUp size={16} />
            </ActionIcon>
            <ActionIcon
              aria-label={t("Move {name} down", { name })}
              disabled={at === of - 1}
              onClick={() => onMove(at + 1)}
            >
              <IconArrowDown size={16} />
            </ActionIcon>
            <ActionIcon aria-label={t("Remove {name}", { name })} onClick={onRemove}>
              <IconTrash size={16} />
            </ActionIcon>
          </>
        )}
      </div>
      <div className={classes.pair}>
        <PickMany
          label={t("Environments")}
          placeholder={t("All that no earlier phase has")}
          disabled={!mayEdit}
          choices={choicesOf(environments)}
          value={all}
          onChange={(ids) => onChange(withEnvironments(phase, ids))}
        />
        <PickMany
          label={t("Deployed to automatically")}
          placeholder={t("None")}
          disabled={!mayEdit || all.length === 0}
          choices={choicesOf(environments.filter((e) => all.includes(e.Id)))}
          value={phase.AutomaticDeploymentTargets}
          onChange={(ids) => onChange(withAutomatic(phase, ids))}
        />
      </div>
      <div className={classes.pair}>
        <NumberInput
          size="xs"
          label={t("Environments needed before the next phase")}
          description={t("0 is all of them.")}
          min={0}
          max={all.length || undefined}
          disabled={!mayEdit || phase.IsOptionalPhase}
          value={phase.MinimumEnvironmentsBeforePromotion}
          onChange={(n) => onChange({ ...phase, MinimumEnvironmentsBeforePromotion: Number(n) || 0 })}
        />
        <div className={classes.form}>
          <Checkbox
            label={t("Optional: the next phase can come without it")}
            disabled={!mayEdit}
            checked={phase.IsOptionalPhase}
            onChange={(e) => onChange({ ...phase, IsOptionalPhase: e.currentTarget.checked })}
          />
          <Checkbox
            label={t("Priority: its deployments go before others in the queue")}
            disabled={!mayEdit}
            checked={phase.IsPriorityPhase}
            onChange={(e) => onChange({ ...phase, IsPriorityPhase: e.currentTarget.checked })}
          />
        </div>
      </div>
      <Checkbox
        label={t("Keep other releases and files than the lifecycle does")}
        disabled={!mayEdit}
        checked={Boolean(phase.ReleaseRetentionPolicy || phase.TentacleRetentionPolicy)}
        onChange={(e) => {
          const own = e.currentTarget.checked ? inherited : null;
          onChange({ ...phase, ReleaseRetentionPolicy: own, TentacleRetentionPolicy: own });
        }}
      />
      {phase.ReleaseRetentionPolicy && (
        <Retention
          label={t("Releases")}
          disabled={!mayEdit}
          value={phase.ReleaseRetentionPolicy}
          onChange={(ReleaseRetentionPolicy) => onChange({ ...phase, ReleaseRetentionPolicy })}
        />
      )}
      {phase.TentacleRetentionPolicy && (
        <Retention
          label={t("Files of earlier releases on targets")}
          disabled={!mayEdit}
          value={phase.TentacleRetentionPolicy}
          onChange={(TentacleRetentionPolicy) => onChange({ ...phase, TentacleRetentionPolicy })}
        />
      )}
    </li>
  );
}
