// What of the server's own log is shown.

export type Line = { Number: number; Category: string; OccurredAt: string; MessageText: string; Detail: string };

export const severities = [
  { value: "Warning", label: "Warnings and errors", holds: ["Warning", "Error", "Fatal"] },
  { value: "Error", label: "Errors", holds: ["Error", "Fatal"] },
];

// fits says whether a line has all the words and is of a level or graver.
export function fits(line: Line, words: string, level: string): boolean {
  const holds = severities.find((s) => s.value === level)?.holds;
  if (holds && !holds.includes(line.Category)) return false;
  const text = `${line.MessageText} ${line.Detail}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
