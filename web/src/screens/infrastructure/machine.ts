import type { Wire } from "~/api/wire";
import { t } from "~/text/t";

export type Endpoint = Wire<"Machine">["Endpoint"];

// MachineLike is what targets and workers have in common.
export type MachineLike = Pick<
  Wire<"Machine">,
  | "Id"
  | "Name"
  | "HealthStatus"
  | "IsDisabled"
  | "SkipInitialHealthCheck"
  | "StatusSummary"
  | "OperatingSystem"
  | "Endpoint"
>;

const styles: Record<string, string> = {
  Ssh: "SSH",
  TentaclePassive: "Listening Tentacle",
  TentacleActive: "Polling Tentacle",
  None: "Nothing to connect to",
  Kubernetes: "Kubernetes",
  KubernetesTentacle: "Kubernetes agent",
  OfflineDrop: "Offline drop",
};

// styleOf names how the server reaches a machine.
export const styleOf = (e: Endpoint | null | undefined): string => {
  const style = e?.CommunicationStyle ?? "";
  return t(styles[style] ?? style);
};

// addressOf is where a machine is, "" where that is no address.
export const addressOf = (e: Endpoint | null | undefined): string => {
  if (!e) return "";
  if (e.CommunicationStyle === "Ssh") return e.Port === 22 ? e.Host : `${e.Host}:${e.Port}`;
  return e.Uri || e.ClusterUrl || "";
};
