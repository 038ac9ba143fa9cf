import { api } from "./api.js";
import { field, h, table } from "./dom.js";

const rate = (r) => (r.availability === undefined ? "–" : `${r.availability.toFixed(4)} %`);

// span says so many seconds: 1 h 2 min 3 s.
function span(seconds) {
  const parts = [[Math.floor(seconds / 3600), "h"], [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]].filter(([n]) => n);
  return parts.map(([n, unit]) => `${n} ${unit}`).join(" ") || "none";
}

const woken = (r) => (r.wakes ? `${r.wakes}, of which ${r.wakesWithin2s} within 2 s; ${r.slowestWake} at most` : "none");

// service shows how instances served in a month, the worst first.
export function service(month) {
  const now = new Date().toISOString().slice(0, 7);
  const show = ({ all, items }) => {
    const pick = h("input", { type: "month", value: month || now, max: now, onchange: () => { if (pick.value) location.hash = `#/service?month=${pick.value}`; } });
    return [
      h("div", { class: "head" }, h("div", { class: "find" }, field("Month (UTC)", pick))),
      items.length
        ? [h("p", {}, `All together served ${rate(all)} of the time, planned downtime aside. One that sleeps serves.`),
          table("Service", ["Instance", "Availability", "Unplanned downtime", "Outages", "Planned downtime", "Awakenings"], items.map((r) => h("tr", {},
            h("td", {}, h("a", { href: `#/instances/${encodeURIComponent(r.instance)}` }, r.instance), h("div", { class: "quiet" }, r.customer)),
            h("td", { class: "least" }, rate(r)), h("td", { class: "least" }, span(r.unplannedSeconds)), h("td", {}, String(r.outages)), h("td", { class: "least" }, span(r.plannedSeconds)), h("td", { class: "most" }, woken(r)))))]
        : h("div", { class: "card empty" }, `Nothing was measured in ${month || now}.`),
    ];
  };
  return { title: "Service", load: () => api("GET", `slo?month=${encodeURIComponent(month ?? "")}`), show };
}
