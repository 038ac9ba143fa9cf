import { api } from "./api.js";
import { chip, dollars, h, put, table } from "./dom.js";
import { make } from "./form.js";

const tones = { Ready: "ok", Hibernated: "wait", Provisioning: "run", Upgrading: "run", Restoring: "run", Suspended: "hold", Deleting: "off" };

// state is an instance's, in a chip.
export function state(i) {
  if (i.state === "Ready" && !i.well) return chip("bad", "Not well");
  return chip(tones[i.state] ?? "wait", i.state || "Not begun");
}

// opening says when a maintenance window is open.
export function opening(w) {
  if (!w) return "Any time";
  return `${w.start} UTC, ${w.hours} h${w.days?.length ? `, ${w.days.join(" ")}` : ""}`;
}

function row(i) {
  return h("tr", {},
    h("td", {}, h("a", { href: `#/instances/${encodeURIComponent(i.name)}` }, i.name), h("div", { class: "quiet" }, i.customer)),
    h("td", { class: "least" }, state(i)),
    h("td", { class: "most" }, i.says || ""),
    h("td", { class: "most" }, h("span", { class: "mono" }, i.version || "none yet"), i.channel && h("div", { class: "quiet" }, `follows ${i.channel}`), i.refused && h("div", { class: "quiet" }, `took back ${i.refused}`)),
    h("td", { class: "least" }, opening(i.maintenanceWindow)),
    h("td", { class: "least" }, i.backup ? `kept ${i.backup.keep}` : "none yet"),
    h("td", { class: "num" }, i.cost ? dollars(i.cost.all) : "not measured"));
}

// instances lists them, more of them when that is wanted.
export function instances(me) {
  let pages = 1;
  let find = "", only = "";
  const load = async () => {
    const all = [];
    let next = "", n = 0;
    do {
      const page = await api("GET", `instances?limit=200&continue=${encodeURIComponent(next)}`);
      all.push(...page.items);
      next = page.continue;
    } while (next && ++n < pages);
    return { all, more: next !== "" };
  };
  const show = ({ all, more }, refresh) => {
    if (all.length === 0) {
      return h("div", { class: "card empty" }, h("p", {}, "No instances yet. An instance is one customer's server, with a database and a backup of its own."),
        me.role === "operator" && h("button", { class: "primary", onclick: () => make() }, "New instance…"));
    }
    const body = h("div", {});
    const fill = () => {
      const some = all.filter((i) => (!only || i.state === only) && `${i.name} ${i.customer} ${i.hosts.join(" ")} ${i.version}`.toLowerCase().includes(find.toLowerCase()));
      put(body, some.length ? table("Instances", ["Instance", "State", "It says", "Version", "Maintenance window", "Backups", "Cost a month"], some.map(row))
        : h("div", { class: "card empty" }, h("p", {}, "No instance matches. "), h("button", { onclick: () => { find = only = search.value = states.value = ""; fill(); } }, "Clear the filter")),
      h("p", { class: "quiet" }, summary(some, all)), more && h("button", { onclick: () => { pages++; refresh(); } }, "Show more"));
    };
    const search = h("input", { type: "search", class: "find", "aria-label": "Find an instance", placeholder: "Name, customer, host, version", value: find, oninput: () => { find = search.value; fill(); } });
    const states = h("select", { class: "find", "aria-label": "State", onchange: () => { only = states.value; fill(); } }, h("option", { value: "" }, "Every state"), Object.keys(tones).map((t) => h("option", { value: t, selected: t === only }, t)));
    fill();
    return [h("div", { class: "head" }, search, states), body];
  };
  const actions = () => (me.role === "operator" ? [h("button", { class: "primary", onclick: () => make() }, "New instance…")] : []);
  return { title: "Instances", load, show, actions };
}

function summary(some, all) {
  const measured = some.filter((i) => i.cost);
  const sum = measured.reduce((n, i) => n + i.cost.all, 0);
  const count = some.length === all.length ? `${all.length} instances` : `${some.length} of ${all.length} instances`;
  return measured.length ? `${count}; ${dollars(sum)} a month for the ${measured.length} that were measured.` : `${count}.`;
}
