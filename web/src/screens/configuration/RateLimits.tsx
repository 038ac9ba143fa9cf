import { Button, Modal, NumberInput, Switch } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { DialogForm } from "~/ui/form/DialogForm";
import form from "~/ui/form/form.module.css";
import { type Column, Rows } from "~/ui/ListPage";
import { Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import type { Look } from "~/ui/status";
import { Right } from "~/ui/Table";

type Policy = Wire<"RateLimitingPolicy">;

// What the callers of a policy are, as its scope says.
const callers: Record<string, string> = {
  Unauthenticated: t("Who is not signed in, each address"),
  AuthenticatedHuman: t("People who have signed in, each of them"),
  AuthenticatedAgent: t("API keys and service accounts, each user"),
};

function lookOf({ IsEnabled, AuditMode }: Policy): Look {
  if (!IsEnabled) return { tone: "off", shape: "slash", word: t("Off") };
  if (AuditMode) return { tone: "warn", shape: "triangle", word: t("Only noted") };
  return { tone: "ok", shape: "tick", word: t("In force") };
}

// RateLimits says how many requests are answered to whom.
export default function RateLimits() {
  const policies = useGet("/api/ratelimitingpolicies", {});
  const may = useMay("ConfigureServer");
  const [changing, change] = useState<Policy>();
  const columns: Column<Policy>[] = [
    [t("Policy"), (p) => p.Name],
    [t("For"), (p) => callers[p.ScopeType] ?? p.ScopeType],
    [t("State"), (p) => <StatusChip look={lookOf(p)} />],
    [t("Requests a minute"), (p) => <span className="number">{p.RequestsPerMinute.toLocaleString("en")}</span>],
    [t("At once"), (p) => <span className="number">{p.BurstLimit.toLocaleString("en")}</span>],
    [
      "",
      (p) => (
        <Right>
          {may && (
            <Button variant="default" aria-label={t("Change {name}…", { name: p.Name })} onClick={() => change(p)}>
              {t("Change…")}
            </Button>
          )}
        </Right>
      ),
    ],
  ];
  return (
    <Page title={t("Rate limits")}>
      <p className="dim">
        {t(
          "Requests above a limit are answered with 429 and told when to try again. Each node counts for itself; what is changed here holds on all of them within five seconds.",
        )}
      </p>
      <Read of={policies}>{({ Items }) => <Rows label={t("Rate limits")} items={Items} columns={columns} />}</Read>
      <Modal opened={Boolean(changing)} onClose={() => change(undefined)} title={changing?.Name}>
        {changing && <PolicyForm policy={changing} onClose={() => change(undefined)} />}
      </Modal>
    </Page>
  );
}

function PolicyForm({ policy, onClose }: { policy: Policy; onClose: () => void }) {
  const [value, set] = useState(policy);
  const put = (change: Partial<Policy>) => set({ ...value, ...change });
  const save = useSend("put", "/api/ratelimitingpolicies/{id}", { onDone: onClose });
  const submit = () => save.mutate({ params: { id: policy.Id }, body: value });
  return (
    <DialogForm of={save} action={t("Save")} onSubmit={submit} onClose={onClose}>
      <Switch
        label={t("In force")}
        checked={value.IsEnabled}
        onChange={(e) => put({ IsEnabled: e.currentTarget.checked })}
      />
      <Switch
        label={t("Only note what is too much")}
        description={t("Nothing is refused; the audit trail says who would have been.")}
        disabled={!value.IsEnabled}
        checked={value.AuditMode}
        onChange={(e) => put({ AuditMode: e.currentTarget.checked })}
      />
      <div className={form.pair}>
        <NumberInput
          size="xs"
          label={t("Requests a minute")}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          value={value.RequestsPerMinute}
          onChange={(n) => put({ RequestsPerMinute: Number(n) })}
        />
        <NumberInput
          size="xs"
          label={t("Requests at once")}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          value={value.BurstLimit}
          onChange={(n) => put({ BurstLimit: Number(n) })}
        />
      </div>
    </DialogForm>
  );
}
