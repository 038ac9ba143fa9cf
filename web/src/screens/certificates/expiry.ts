// How a certificate stands: valid, soon to expire, or expired.
import { many, t } from "~/text/t";
import { type Look, okLook } from "~/ui/status";

const day = 86_400_000;
const soon = 30;

type Dated = { NotAfter: string | null; NotBefore?: string | null; Archived?: string | null };

export function expiryLook({ NotAfter, NotBefore, Archived }: Dated, now = Date.now()): Look {
  if (Archived) return { tone: "off", shape: "slash", word: t("Archived") };
  const end = Date.parse(NotAfter ?? "");
  if (NotBefore && Date.parse(NotBefore) > now) return { tone: "wait", shape: "ring", word: t("Not yet valid") };
  if (end <= now) return { tone: "bad", shape: "diamond", word: t("Expired") };
  const days = Math.floor((end - now) / day);
  if (days <= soon) {
    return { tone: "warn", shape: "triangle", word: many(days, "Expires in 1 day", "Expires in {n} days") };
  }
  return okLook(t("Valid"));
}

// base64Of is a file as the API takes it.
export async function base64Of(file: Blob): Promise<string> {
  let bytes = "";
  for (const b of new Uint8Array(await file.arrayBuffer())) bytes += String.fromCharCode(b);
  return btoa(bytes);
}
