// Permissions by what they are about.
import { useGet } from "~/api/query";

export type Definition = {
  Description: string;
  CanApplyAtSpaceLevel: boolean;
  CanApplyAtSystemLevel: boolean;
  SupportedRestrictions: string[];
};

export type Permission = Definition & { name: string };

// usePermissions are all there are, once they are read.
export function usePermissions(): Permission[] {
  const all = useGet("/api/permissions/all", {}, { staleTime: Number.POSITIVE_INFINITY });
  const known = (all.data ?? {}) as unknown as Record<string, Definition | unknown>;
  return Object.entries(known).flatMap(([name, d]) =>
    typeof d === "object" && d !== null && "Description" in d ? [{ name, ...(d as Definition) }] : [],
  );
}

const verbs =
  /(View|Create|Edit|Delete|Administer|Push|Download|Submit|Cancel|Prioritize|Report|Resolve|Invite|Export)/;

// subjectOf is what a permission is about: Machine of MachineEdit.
export function subjectOf(name: string): string {
  const at = name.slice(1).search(verbs);
  return at < 0 ? name : name.slice(0, at + 1);
}

// inWords are the words of the field where the API has older ones.
const inWords: Record<string, string> = {
  ActionTemplate: "Step template",
  BuiltInFeed: "Built-in feed",
  Defect: "Blocked release",
  Interruption: "Manual intervention",
  LibraryVariableSet: "Variable set",
  Machine: "Deployment target",
};

const spaced = (word: string) =>
  inWords[word] ?? word.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);

// bySubject groups permissions, each group with its name in words.
export function bySubject(all: Permission[]): { subject: string; title: string; permissions: Permission[] }[] {
  const groups = new Map<string, Permission[]>();
  for (const p of all) {
    const subject = subjectOf(p.name);
    groups.set(subject, [...(groups.get(subject) ?? []), p]);
  }
  return [...groups]
    .map(([subject, permissions]) => ({ subject, title: spaced(subject), permissions }))
    .sort((a, b) => a.title.localeCompare(b.title));
}
