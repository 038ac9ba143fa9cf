import { api } from "./api.js";
import { ask, choice, field, h } from "./dom.js";

const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const words = (text) => text.split(/[\s,]+/).filter((t) => t);

// form is what can be said of an instance: its fields, and what they hold.
function form(i, channels) {
  const w = i.maintenanceWindow;
  const customer = h("input", { value: i.customer ?? "", autocomplete: "off" });
  const hosts = h("input", { value: (i.hosts ?? []).join(" "), autocomplete: "off", spellcheck: "false" });
  const follow = h("input", { type: "radio", name: "version", checked: !i.image, onchange: () => turn() });
  const stay = h("input", { type: "radio", name: "version", checked: Boolean(i.image), onchange: () => turn() });
  const channel = h("select", { "aria-label": "Channel" }, [...new Set([...channels.map((c) => c.name), i.channel].filter((n) => n))].map((n) => h("option", { value: n, selected: n === i.channel }, n)));
  const image = h("input", { value: i.image ?? "", "aria-label": "Image", autocomplete: "off", spellcheck: "false" });
  const cap = h("select", {}, [5, 10, 20, 40, 80, 160].map((n) => h("option", { value: n, selected: n === (i.taskCap ?? 5) }, String(n))));
  const idle = h("input", { value: i.idleAfter ?? "30m", autocomplete: "off" });
  const always = h("input", { type: "checkbox", checked: !w, onchange: () => turn() });
  const start = h("input", { type: "time", value: w?.start ?? "02:00" });
  const hours = h("input", { type: "number", min: "2", max: "24", value: w?.hours ?? 2 });
  const on = days.map((d) => h("input", { type: "checkbox", checked: w?.days?.includes(d) ?? false, value: d }));
  const span = h("div", {}, h("div", { class: "pair" }, field("Opens at (UTC)", start), field("Hours", hours)),
    h("fieldset", {}, h("legend", {}, "On these days, or on each if none is chosen"), h("div", { class: "days" }, on.map((d) => choice(d.value, d)))));
  const turn = () => { channel.hidden = !follow.checked; image.hidden = follow.checked; span.hidden = always.checked; };
  turn();
  const chosen = () => on.filter((d) => d.checked).map((d) => d.value);
  return {
    fields: [field("Customer", customer), field("Hosts", hosts, "Names by which people and agents reach it, with spaces between them; the first is the one in links."),
      h("fieldset", { class: "field" }, h("legend", {}, "Version"), choice("Follow a channel", follow), channel, choice("Stay on an image", stay), image),
      h("div", { class: "pair" }, field("Tasks at once", cap), field("Sleeps when unused for", idle, "As 30m or 2h; 0s for never.")),
      h("fieldset", {}, h("legend", {}, "Maintenance window"), choice("Upgrades may come at any time", always)), span],
    said: () => ({
      customer: customer.value.trim(),
      hosts: words(hosts.value),
      ...(follow.checked ? { channel: channel.value } : { image: image.value.trim() }),
      taskCap: Number(cap.value),
      hibernation: { idleAfter: idle.value.trim() },
      maintenanceWindow: always.checked ? null : { start: start.value, hours: Number(hours.value), ...(chosen().length ? { days: chosen() } : {}) },
    }),
  };
}

const channels = async () => (await api("GET", "channels")).items;

// make asks for a new instance.
export async function make() {
  const name = h("input", { autocomplete: "off", spellcheck: "false" });
  const f = form({}, await channels().catch(() => []));
  ask({
    title: "New instance", verb: "Make", body: [field("Name", name, "Small letters, digits and hyphens; it stays what it is."), f.fields],
    act: () => api("POST", "instances", { name: name.value.trim(), ...f.said() }),
    done: (i) => { location.hash = `#/instances/${encodeURIComponent(i.name)}`; },
  });
}

// change sends what was changed of an instance, and nothing else.
export async function change(i, at, refresh) {
  const f = form(i, await channels().catch(() => []));
  const before = f.said();
  ask({
    title: `Change ${i.name}`, verb: "Save", body: f.fields, done: refresh,
    act: () => {
      const now = f.said();
      return api("PATCH", at, Object.fromEntries(Object.entries(now).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key]))));
    },
  });
}
