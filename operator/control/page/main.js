// The page of the control plane: who is signed in, and which screen is shown.
import { api } from "./api.js";
import { audit } from "./audit.js";
import { h, put } from "./dom.js";
import { instance } from "./instance.js";
import { instances } from "./instances.js";
import { service } from "./service.js";
import { signIn } from "./signin.js";
import { versions } from "./versions.js";

const places = [["#/instances", "Instances", "i"], ["#/versions", "Versions", "v"], ["#/service", "Service", "s"], ["#/audit", "Audit", "a"]];
const every = 10_000; // milliseconds after which what is shown is asked for again

let me;
let leave = () => {};

function screen() {
  const [path, query] = location.hash.slice(1).split("?");
  const [, area, name] = path.split("/").map(decodeURIComponent);
  switch (area) {
    case undefined: case "": case "instances": return name ? instance(me, name) : instances(me);
    case "versions": return versions(me);
    case "service": return service(new URLSearchParams(query).get("month"));
    case "audit": return audit(new URLSearchParams(query).get("day"));
    default: return { title: "There is no such page", load: async () => ({}), show: () => h("p", {}, h("a", { href: "#/instances" }, "All instances")) };
  }
}

function shell(main) {
  const here = places.find(([to]) => location.hash.startsWith(to)) ?? (location.hash.length < 3 ? places[0] : undefined);
  return [
    h("a", { class: "skip", href: "#main", onclick: (e) => { e.preventDefault(); main.querySelector("h1").focus(); } }, "Skip to the content"),
    h("header", { class: "top" },
      h("a", { class: "brand", href: "#/instances" }, h("img", { src: "icon.svg", alt: "", width: "20", height: "20" }), "Tako cloud"),
      h("nav", { "aria-label": "Main" }, places.map((p) => h("a", { href: p[0], "aria-current": p === here && "page" }, p[1]))),
      h("div", { class: "who" }, h("span", { class: "quiet name" }, `${me.name} · ${me.role}`), h("button", { onclick: signOut }, "Sign out"))),
    main,
  ];
}

async function signOut() {
  try {
    await api("POST", "sign-out");
  } finally {
    await start();
  }
}

// show puts a screen up and keeps it fresh until another comes.
function show() {
  leave();
  const s = screen();
  document.title = `${s.title} · Tako cloud`;
  const banner = h("div", { role: "status" });
  const body = h("div", {}, h("div", { class: "loading", role: "status", "aria-label": "Loading" }));
  const extra = h("div", { class: "actions" });
  const heading = h("h1", { tabindex: "-1" }, s.title);
  const main = h("main", { id: "main" }, banner, h("div", { class: "head" }, h("div", { class: "grow" }, s.above, heading), extra), body);
  document.body.className = "";
  document.body.replaceChildren(...shell(main));
  heading.focus({ preventScroll: true });

  let shown, at, timer, gone = false;
  const refresh = async () => {
    clearTimeout(timer);
    try {
      const found = await s.load();
      if (gone) return;
      at = new Date().toISOString().slice(11, 19);
      banner.replaceChildren();
      const text = JSON.stringify(found);
      if (text !== shown) {
        put(body, s.show(found, refresh));
        put(extra, s.actions?.(found, refresh));
      }
      shown = text;
    } catch (e) {
      if (gone) return;
      if (e.status === 401) return start();
      if (e.status === undefined) throw e;
      fail(e);
    }
    if (!gone) timer = setTimeout(() => (document.hidden ? undefined : refresh()), every);
  };
  // What was there stays to be read when it cannot be asked for again.
  const fail = (e) => {
    const retry = h("button", { onclick: refresh }, "Try again");
    if (shown && e.status !== 404) banner.replaceChildren(h("div", { class: "banner" }, `${e.message} What you see is from ${at} UTC. `, retry));
    else body.replaceChildren(h("div", { class: "card" }, h("p", { role: "alert" }, e.message), retry));
  };
  const awake = () => document.hidden || refresh();
  document.addEventListener("visibilitychange", awake);
  leave = () => {
    gone = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", awake);
    for (const d of document.querySelectorAll("dialog")) d.close();
  };
  refresh();
}

// start finds out who is signed in.
async function start() {
  leave();
  leave = () => {};
  try {
    me = await api("GET", "me");
  } catch (e) {
    if (e.status !== 401) return document.body.replaceChildren(h("main", { class: "card" }, h("h1", {}, "Tako cloud"), h("p", { role: "alert" }, e.message), h("button", { onclick: start }, "Try again")));
    me = undefined;
    document.title = "Sign in · Tako cloud";
    document.body.className = "alone";
    return document.body.replaceChildren(await signIn(start));
  }
  show();
}

addEventListener("hashchange", () => me && show());

// "/" finds, and g with a letter goes somewhere, except while something is written.
let g = false;
addEventListener("keydown", (e) => {
  if (e.target.closest("input, textarea, select, dialog") || e.ctrlKey || e.metaKey || e.altKey) return;
  const to = g && places.find((p) => p[2] === e.key);
  g = e.key === "g";
  if (to) location.hash = to[0];
  if (e.key === "/") {
    const find = document.querySelector("input[type=search]");
    if (find) e.preventDefault();
    find?.focus();
  }
});

start();
