// What the server tells of the last look at a machine.

type Element = {
  Name?: string;
  Children?: Element[] | null;
  LogElements?: { Category?: string; MessageText?: string }[] | null;
};

export type Report = { LastChecked?: string | null; Logs?: Element[] | null };

export type Said = { category: string; text: string };

// saidIn are the lines of a report, those of what a part consists of after its
// own.
export function saidIn(report: Report | undefined): Said[] {
  const of = (e: Element): Said[] => [
    ...(e.LogElements ?? []).map((l) => ({ category: l.Category ?? "", text: l.MessageText ?? "" })),
    ...(e.Children ?? []).flatMap(of),
  ];
  return (report?.Logs ?? []).flatMap(of).filter((line) => line.text !== "");
}
