import { api } from "./api.js";
import { ask, chip, field, h, table } from "./dom.js";

const tones = { Rolling: "run", Done: "ok", Stopped: "bad" };

// versions shows channels and how far their versions have come.
export function versions(me) {
  const may = me.role === "operator";
  const load = async () => {
    const [channels, images] = await Promise.all([api("GET", "channels"), api("GET", "versions")]);
    return { channels: channels.items, images: images.items };
  };
  const show = ({ channels, images }, refresh) => [
    h("h2", {}, "Channels"),
    channels.length ? table("Channels", ["Channel", "State", "Brings", "Progress", "It says", ...(may ? ["Actions"] : [])], channels.map((c) => row(c, may, refresh)))
      : h("div", { class: "card empty" }, "No channels yet. A channel brings a version to the instances that follow it, in waves."),
    h("h2", {}, "Images"),
    images.length ? table("Images", ["Image", "Instances that run it", "Channels that bring it", "Taken back by"], images.map((v) => h("tr", {},
      h("td", { class: "mono" }, v.image), h("td", {}, String(v.instances)), h("td", {}, (v.channels ?? []).join(", ")), h("td", {}, (v.refused ?? []).map((n, k) => [k > 0 && ", ", h("a", { href: `#/instances/${encodeURIComponent(n)}` }, n)])))))
      : h("div", { class: "card empty" }, "No instance runs a version yet."),
  ];
  const actions = (_, refresh) => (may ? [h("button", { class: "primary", onclick: () => plan(undefined, refresh) }, "New channel…")] : []);
  return { title: "Versions", load, show, actions };
}

function row(c, may, refresh) {
  return h("tr", {},
    h("td", {}, c.name), h("td", { class: "least" }, chip(tones[c.state] ?? "wait", c.state || "Not begun")),
    h("td", { class: "most" }, h("span", { class: "mono" }, c.image), c.good && c.good !== c.image && h("div", { class: "quiet" }, `before it ${c.good}`)),
    h("td", { class: "least" }, h("progress", { class: "wave", max: Math.max(c.instances, 1), value: c.done, "aria-label": `Instances of ${c.name} that have it` }), ` ${c.done} of ${c.instances}`,
      h("div", { class: "quiet" }, `waves of ${c.waves.join(", ")} per cent, ${c.soak} between them`)),
    h("td", { class: "most" }, c.says), may && h("td", { class: "least" }, h("button", { onclick: () => plan(c, refresh) }, "Change…")));
}

// plan makes a channel, or has one bring another version.
function plan(c, refresh) {
  const name = h("input", { autocomplete: "off", spellcheck: "false" });
  const image = h("input", { value: c?.image ?? "", autocomplete: "off", spellcheck: "false" });
  const waves = h("input", { value: (c?.waves ?? [5, 25, 100]).join(" "), autocomplete: "off" });
  const soak = h("input", { value: c?.soak ?? "10m", autocomplete: "off" });
  const failed = h("input", { type: "number", min: "0", value: c?.maxFailed ?? 0 });
  const said = () => ({ image: image.value.trim(), waves: waves.value.split(/[\s,]+/).filter((t) => t).map(Number), soak: soak.value.trim(), maxFailed: Number(failed.value) });
  ask({
    title: c ? `Change ${c.name}` : "New channel", verb: c ? "Save" : "Make", done: refresh,
    body: [!c && field("Name", name), field("Image", image, c ? "Another one is brought to the instances in waves, inside their maintenance windows." : "By digest in earnest."),
      field("Waves", waves, "Per cent of the instances that have it after each; the last is 100."),
      h("div", { class: "pair" }, field("Healthy between waves for", soak, "As 10m."), field("May fail", failed, "More stop it and take it back."))],
    act: () => (c ? api("PATCH", `channels/${encodeURIComponent(c.name)}`, said()) : api("POST", "channels", { name: name.value.trim(), ...said() })),
  });
}
