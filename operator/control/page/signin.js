import { api } from "./api.js";
import { field, h } from "./dom.js";

// signIn offers the ways there are. then is called when somebody is in.
export async function signIn(then) {
  const error = h("p", { class: "error", role: "alert" });
  let ways = {};
  try {
    ways = await api("GET", "sign-in");
  } catch (e) {
    error.textContent = e.message;
  }
  const token = h("input", { type: "password", autocomplete: "current-password", required: true });
  const form = ways.token && h("form", {
    onsubmit: async (e) => {
      e.preventDefault();
      error.textContent = "";
      try {
        await api("POST", "sign-in", { token: token.value.trim() });
        await then();
      } catch (refused) {
        error.textContent = refused.message;
        token.select();
      }
    },
  }, field("Token", token, "The one that whoever runs this gave you."), h("button", { class: ways.oidc ? "" : "primary", type: "submit" }, "Sign in"));
  return h("main", { class: "card" }, h("h1", {}, "Tako cloud"), h("p", { class: "quiet" }, "Instances, their versions, backups and cost."), error,
    ways.oidc && h("p", {}, h("a", { class: "button primary", href: "api/sign-in/oidc" }, `Sign in with ${ways.oidc}`)), form);
}
