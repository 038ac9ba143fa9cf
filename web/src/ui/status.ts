// How states of tasks, steps and machines look: a tone, a shape and a word.
import { t } from "~/text/t";

export type Tone = "ok" | "bad" | "run" | "wait" | "warn" | "hold" | "off";
export type Shape = "tick" | "diamond" | "clock" | "arc" | "ring" | "triangle" | "bars" | "slash" | "broken";
export type Look = { tone: Tone; shape: Shape; word: string };

const look = (tone: Tone, shape: Shape, word: string): Look => ({ tone, shape, word });

type TaskLike = { State: string; HasPendingInterruptions?: boolean; HasWarningsOrErrors?: boolean };

// taskLook is how a task looks.
export function taskLook({ State, HasPendingInterruptions, HasWarningsOrErrors }: TaskLike): Look {
  if (HasPendingInterruptions && State === "Executing") return look("hold", "bars", t("Awaiting intervention"));
  switch (State) {
    case "Success":
      return HasWarningsOrErrors
        ? look("warn", "triangle", t("Success with warnings"))
        : look("ok", "tick", t("Success"));
    case "Failed":
      return look("bad", "diamond", t("Failed"));
    case "TimedOut":
      return look("bad", "clock", t("Timed out"));
    case "Executing":
      return look("run", "arc", t("In progress"));
    case "Cancelling":
      return look("run", "arc", t("Canceling"));
    case "Canceled":
      return look("off", "slash", t("Canceled"));
    default:
      return look("wait", "ring", t("Queued"));
  }
}

// stepLook is how a part of a task looks.
export function stepLook(status: string): Look {
  switch (status) {
    case "Success":
      return look("ok", "tick", t("Success"));
    case "SuccessWithWarning":
      return look("warn", "triangle", t("Success with warnings"));
    case "Failed":
      return look("bad", "diamond", t("Failed"));
    case "Awaiting":
      return look("hold", "bars", t("Awaiting intervention"));
    case "Running":
      return look("run", "arc", t("Running"));
    case "Skipped":
      return look("off", "slash", t("Skipped"));
    case "Canceled":
      return look("off", "slash", t("Canceled"));
    default:
      return look("wait", "ring", t("Pending"));
  }
}

// ephemeralLook is how far an environment that comes and goes is.
export function ephemeralLook(status: string): Look {
  switch (status) {
    case "Provisioned":
      return look("ok", "tick", t("Provisioned"));
    case "Provisioning":
      return look("run", "arc", t("Provisioning"));
    case "Deprovisioning":
      return look("run", "arc", t("Deprovisioning"));
    case "ProvisioningFailed":
      return look("bad", "diamond", t("Provisioning failed"));
    case "DeprovisioningFailed":
      return look("bad", "diamond", t("Deprovisioning failed"));
    default:
      return look("wait", "ring", t("Not provisioned"));
  }
}

// healthLook is how a machine's health looks.
export function healthLook(status: string): Look {
  switch (status) {
    case "Healthy":
      return look("ok", "tick", t("Healthy"));
    case "HasWarnings":
      return look("warn", "triangle", t("Has warnings"));
    case "Unhealthy":
      return look("bad", "diamond", t("Unhealthy"));
    case "Unavailable":
      return look("wait", "broken", t("Unavailable"));
    default:
      return look("wait", "ring", t("Unknown"));
  }
}

// okLook is how something that is as it should be looks.
export const okLook = (word: string): Look => look("ok", "tick", word);

// offLook is how something that is switched off looks.
export const offLook = (word: string): Look => look("off", "slash", word);
