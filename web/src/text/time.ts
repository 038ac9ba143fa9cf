import { t } from "./t";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

// To make a format takes longer than all else about a cell of the dashboard: each
// is made once, when it is needed.
function format(options: Intl.DateTimeFormatOptions): (at: Date) => string {
  let made: Intl.DateTimeFormat | undefined;
  return (at) => {
    made ??= new Intl.DateTimeFormat("en-GB", options);
    return made.format(at);
  };
}

const dayOfYear = format({ day: "numeric", month: "short" });
const dayOfAnyYear = format({ day: "numeric", month: "short", year: "numeric" });
const moment = format({
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

const zoned = format({ timeZoneName: "short" });
const zone = (at: Date) => zoned(at).split(", ").at(-1) ?? "";

// ago says when something was: relative within a day, absolute before that.
export function ago(at: Date, now: Date): string {
  const past = now.getTime() - at.getTime();
  const size = Math.abs(past);
  if (size < minute) return past < -1000 ? t("in under a minute") : t("just now");
  const amount = size < hour ? `${Math.floor(size / minute)} min` : size < day ? `${Math.floor(size / hour)} h` : "";
  if (amount) return past > 0 ? t("{amount} ago", { amount }) : t("in {amount}", { amount });
  return at.getFullYear() === now.getFullYear() ? dayOfYear(at) : dayOfAnyYear(at);
}

// exact says when something was, with its time zone.
export function exact(at: Date): string {
  return moment(at);
}

// zoneAt is the short name of the time zone of this browser at a time: what is
// entered without one is meant in it.
export function zoneAt(at: string | null | undefined): string {
  return zone(at ? new Date(at) : new Date());
}

// exactDay says on which day something is; "" if it is not known.
export function exactDay(at: string | null | undefined): string {
  if (!at) return "";
  return dayOfAnyYear(new Date(at));
}

// lasted says how long something took as hours, minutes and seconds.
export function lasted(ms: number): string {
  if (ms < 1000) return t("< 1 s");
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

// clock is the time of the day of a line of a log.
export function clock(at: string): string {
  const d = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}
