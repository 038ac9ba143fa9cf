import { api } from "./api.js";
import { field, h, table } from "./dom.js";

// audit shows who asked for what on a day.
export function audit(day) {
  const today = new Date().toISOString().slice(0, 10);
  day ||= today;
  const go = (to) => { if (to) location.hash = `#/audit?day=${to}`; };
  const later = (n) => new Date(Date.parse(`${day}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10);
  const show = ({ items }) => {
    const pick = h("input", { type: "date", value: day, max: today, onchange: () => go(pick.value) });
    return [
      h("div", { class: "head" }, h("button", { onclick: () => go(later(-1)) }, "Day before"), h("div", { class: "find" }, field("Day (UTC)", pick)), day < today && h("button", { onclick: () => go(later(1)) }, "Day after")),
      items.length ? table("Audit", ["Time (UTC)", "Who", "Did", "What", "With"], items.toReversed().map(row)) : h("div", { class: "card empty" }, `Nobody asked for anything on ${day}.`),
    ];
  };
  return { title: "Audit", load: () => api("GET", `audit?day=${encodeURIComponent(day)}`), show };
}

function row(e) {
  return h("tr", {},
    h("td", { class: "least" }, h("time", { datetime: e.time }, e.time.slice(11, 19))),
    h("td", {}, e.user, e.subject && h("div", { class: "quiet" }, e.subject)),
    h("td", { class: "least" }, e.did),
    h("td", {}, e.instance ? h("a", { href: `#/instances/${encodeURIComponent(e.instance)}` }, e.instance) : (e.channel ?? "")),
    h("td", { class: "mono" }, e.with ? JSON.stringify(e.with).slice(1, -1) : ""));
}
