import { api } from "./api.js";
import { ask, chip, choice, dollars, facts, field, h, table, when } from "./dom.js";
import { change } from "./form.js";
import { opening, state } from "./instances.js";

const restoreTones = { Waiting: "wait", Running: "run", Done: "ok", Failed: "bad" };

// instance shows one, and does to it what may be done.
export function instance(me, name) {
  const at = `instances/${encodeURIComponent(name)}`;
  const above = h("div", {}, h("a", { href: "#/instances" }, "Instances"));
  const show = (i) => [
    h("div", { class: "head" }, state(i), h("span", {}, i.says)),
    me.role !== "operator" && h("p", { class: "quiet" }, "You may look only: changes need the role operator."),
    h("div", { class: "cards" }, about(i), version(i), h("section", { class: "card", "aria-label": "Cost" }, h("h2", {}, "Cost a month"), price(i.cost))),
    h("section", { class: "below", "aria-label": "Backups" }, h("h2", {}, "Backups and restores"), backups(i), restores(i.restores ?? [])),
  ];
  const actions = (i, refresh) => {
    if (me.role !== "operator" || i.state === "Deleting") return [];
    return [
      i.suspended ? h("button", { class: "primary", onclick: () => resume(i, at, refresh) }, "Resume…") : h("button", { onclick: () => suspend(i, at, refresh) }, "Suspend…"),
      h("button", { class: i.suspended ? "" : "primary", onclick: () => restore(i, at, refresh) }, "Restore…"),
      i.backup?.key && h("button", { onclick: () => turn(i, at, refresh) }, "Replace key…"),
      h("button", { onclick: () => change(i, at, refresh) }, "Change…"),
      h("button", { class: "danger", onclick: () => remove(i, at, refresh) }, "Delete…"),
    ];
  };
  return { title: name, above, load: () => api("GET", at), show, actions };
}

function about(i) {
  return h("section", { class: "card", "aria-label": "About" }, h("h2", {}, "About"), facts([
    ["Customer", i.customer],
    ["Reached at", i.hosts.map((host) => h("div", {}, host))],
    ["Tasks at once", String(i.taskCap)],
    ["Sleeps", i.idleAfter === "0s" ? "Never" : `When nobody has used it for ${i.idleAfter}`],
    i.since && ["So since", when(i.since)],
    i.made && ["Made", when(i.made)],
  ]));
}

function version(i) {
  return h("section", { class: "card", "aria-label": "Version" }, h("h2", {}, "Version"), facts([
    ["Runs", h("span", { class: "mono" }, i.version || "none yet")],
    i.channel ? ["Follows", h("a", { href: "#/versions" }, i.channel)] : ["Stays on", h("span", { class: "mono" }, i.image ?? "")],
    i.refused && ["Took back", h("span", { class: "mono" }, i.refused), h("div", { class: "quiet" }, "It did not become healthy here and is not tried again.")],
    ["Upgrades", opening(i.maintenanceWindow)],
  ]));
}

function price(c) {
  if (!c) return h("p", { class: "quiet" }, "What it uses was not measured.");
  return facts([["In all", h("strong", {}, dollars(c.all))], ["Server", dollars(c.server)], ["Worker pods", dollars(c.workers)], ["Storage", dollars(c.storage)], ["Requests", dollars(c.requests)], ["Share of the rest", dollars(c.shared)]]);
}

function backups(i) {
  if (!i.backup) return h("p", { class: "quiet" }, "Nothing is backed up before it has served.");
  return h("p", {}, `Everything is copied as it is written, to ${i.backup.prefix}/ of the bucket, and each second of the last ${i.backup.keep} can be restored.${i.backup.turning ? " Its key to the bucket is being replaced: the one before is still good until nothing uses it." : ""}`);
}

function restores(all) {
  if (all.length === 0) return h("p", { class: "quiet" }, "Nothing has been restored.");
  return table("Restores", ["Restore", "State", "To the time", "From and into", "Asked by", "It says"], all.map((r) => h("tr", {},
    h("td", {}, r.name), h("td", { class: "least" }, chip(restoreTones[r.state] ?? "wait", r.state || "Waiting")), h("td", { class: "least" }, when(r.time) || "The newest"),
    h("td", {}, r.source === r.target ? "Into itself" : `${r.source} into ${r.target}`), h("td", {}, r.by ?? ""), h("td", { class: "most" }, r.says))));
}

function resume(i, at, refresh) {
  ask({
    title: `Resume ${i.name}`, verb: "Resume", done: refresh, act: () => api("PATCH", at, { suspended: false }),
    body: h("p", {}, `The server of ${i.customer} starts again and answers at ${i.hosts.join(", ")}.`),
  });
}

function suspend(i, at, refresh) {
  ask({
    title: `Suspend ${i.name}`, verb: "Suspend", tone: "danger", done: refresh, act: () => api("PATCH", at, { suspended: true }),
    body: h("p", {}, `The server of ${i.customer} stops. People who come to ${i.hosts[0]} are told so, nothing that is due is done, and nothing wakes it until it is resumed. Its data and backups stay.`),
  });
}

function restore(i, at, refresh) {
  const time = h("input", { type: "datetime-local", step: "1" });
  const itself = h("input", { type: "radio", name: "into", checked: true, onchange: () => turn() });
  const other = h("input", { type: "radio", name: "into", onchange: () => turn() });
  const name = h("input", { autocomplete: "off", spellcheck: "false" });
  const hosts = h("input", { autocomplete: "off", spellcheck: "false" });
  const fresh = h("div", { hidden: true }, field("Name of the new instance", name), field("Hosts", hosts, "One or several names, with spaces between them."));
  const warning = h("p", { class: "banner" }, `What ${i.customer} has done since then is no longer there. The server stops for it.`);
  const turn = () => { fresh.hidden = !other.checked; warning.hidden = other.checked; };
  ask({
    title: `Restore ${i.name}`, verb: "Restore", done: refresh,
    body: [field("Time in UTC", time, `Empty for the newest. Backups are kept for ${i.backup?.keep ?? "a while"}.`),
      h("fieldset", {}, h("legend", {}, "Into"), choice("Itself", itself), choice("A new instance", other)), fresh, warning],
    act: () => {
      const wanted = {};
      if (time.value) wanted.time = `${time.value.length === 16 ? `${time.value}:00` : time.value}Z`;
      if (other.checked) Object.assign(wanted, { target: name.value.trim(), hosts: hosts.value.split(/[\s,]+/).filter((t) => t) });
      return api("POST", `${at}/restore`, wanted);
    },
  });
}

function turn(i, at, refresh) {
  ask({
    title: `Replace the key of ${i.name}`, verb: "Replace key", tone: "danger", done: refresh, act: () => api("POST", `${at}/key`),
    body: h("p", {}, `The server of ${i.customer} is given another key to the bucket and starts anew with it at once, whatever its maintenance window; running deployments go on. Then ${i.backup.key}, the key that it has now, opens nothing any more.`),
  });
}

function remove(i, at, refresh) {
  const name = h("input", { autocomplete: "off", spellcheck: "false" });
  ask({
    title: `Delete ${i.name}`, verb: "Delete", tone: "danger", done: refresh, ready: () => name.value === i.name, act: () => api("DELETE", at),
    body: [h("p", {}, `The server of ${i.customer} stops for good and completes its backup. Backup and key are kept for ${i.deletionGrace}, in which it can be restored into a new instance; then they are erased.`),
      field(`Type ${i.name} to delete it`, name)],
  });
}
