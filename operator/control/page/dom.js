// What the screens are built of. Text is always set as text, never as markup.

// h makes an element. Functions of on… listen, false and undefined are left out.
export function h(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") e.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "disabled") e[key] = value;
    else e.setAttribute(key, value === true ? "" : value);
  }
  return put(e, children);
}

// put replaces what is within an element. What is not there is left out.
export function put(e, ...children) {
  e.replaceChildren(...children.flat(Infinity).filter((c) => c !== undefined && c !== false && c !== null && c !== ""));
  return e;
}

const shapes = {
  ok: "M7 0a7 7 0 1 0 0 14A7 7 0 0 0 7 0Zm3.4 5.2-4 4.6-2.8-2.5 1-1.1 1.7 1.5 3-3.5Z",
  bad: "M7 0 14 7 7 14 0 7ZM6.2 3.5v4h1.6v-4Zm0 5.2v1.6h1.6V8.7Z",
  run: "M7 1a6 6 0 1 1-6 6h1.8A4.2 4.2 0 1 0 7 2.8Z",
  wait: "M7 0l1.6.2-.4 1.6L7 1.7ZM11.6 1.7l1.2 1.2-1.3 1-.8-.9ZM13.8 5.6l.2 1.6-1.7.1-.1-1.2ZM13 10.6l-1 1.4-1.2-1.1.7-1ZM9.400 13.600l-1.600.400-.200-1.700 1.200-.200ZM4.600 13.600 3 12.800l1-1.400 1 .600ZM1 10.600.300 9.100l1.600-.500.500 1ZM0 6.600 .300 5l1.600.500-.200 1.100ZM1.700 2.800 3 1.700l.900 1.400-.900.700Z",
  warn: "M7 .5 14 13.500H0ZM6.200 5v4.200h1.600V5Zm0 5.300v1.600h1.600v-1.600Z",
  hold: "M2.500 1.500h3v11h-3ZM8.500 1.500h3v11h-3Z",
  off: "M7 0a7 7 0 1 0 0 14A7 7 0 0 0 7 0Zm0 1.700c1.200 0 2.300.400 3.200 1.100L2.800 10.200A5.300 5.300 0 0 1 7 1.700Zm0 10.600c-1.200 0-2.300-.400-3.200-1.100l7.400-7.400A5.300 5.300 0 0 1 7 12.300Z",
};

// chip says a state in colour, shape and word.
export function chip(tone, word) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const path = document.createElementNS(ns, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 14 14", fill: "currentColor", "fill-rule": "evenodd", "aria-hidden": "true" })) svg.setAttribute(key, value);
  path.setAttribute("d", shapes[tone]);
  svg.append(path);
  return h("span", { class: `chip ${tone}` }, svg, word);
}

// when says a time, in UTC as windows and backups are.
export function when(text) {
  if (!text) return "";
  return h("time", { datetime: text }, `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`);
}

export const dollars = (n) => `$${n.toFixed(2)}`;

// table has a name that is read aloud, and scrolls sideways where it must.
export function table(name, heads, rows) {
  return h("div", { class: "scroll", role: "region", "aria-label": name, tabindex: "0" },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((t) => h("th", { scope: "col", class: t === "Cost a month" ? "num" : undefined }, t)))), h("tbody", {}, rows)));
}

export function facts(pairs) {
  return h("dl", {}, pairs.filter((p) => p).map(([name, ...value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

let last = 0;

// field is an input with its label, and what else is to be said of it.
export function field(label, input, hint) {
  input.id ||= `f${++last}`;
  const about = hint && h("div", { class: "quiet", id: `${input.id}-hint` }, hint);
  if (about) input.setAttribute("aria-describedby", about.id);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, about);
}

export function choice(label, input) {
  input.id ||= `f${++last}`;
  return h("div", { class: "choice" }, input, h("label", { for: input.id }, label));
}

// ask opens a dialog that does something, and stays open with the server's words
// where that is refused.
export function ask({ title, body, verb, tone = "primary", act, done, ready }) {
  const error = h("p", { class: "error", role: "alert" });
  const go = h("button", { class: tone, type: "submit" }, verb);
  const dialog = h("dialog", { "aria-labelledby": "ask", onclose: () => dialog.remove() },
    h("form", {
      onsubmit: async (e) => {
        e.preventDefault();
        go.disabled = true;
        error.textContent = "";
        try {
          const made = await act();
          dialog.close();
          await done?.(made);
        } catch (refused) {
          error.textContent = refused.message;
        } finally {
          go.disabled = ready ? !ready() : false;
        }
      },
      oninput: () => { if (ready) go.disabled = !ready(); },
    }, h("h2", { id: "ask" }, title), body, error,
    h("div", { class: "actions" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), go)));
  go.disabled = ready ? !ready() : false;
  document.body.append(dialog);
  dialog.showModal();
}
