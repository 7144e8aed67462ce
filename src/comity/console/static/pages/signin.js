// SPDX-License-Identifier: Apache-2.0
// Who is there: the one-time token of `comity up`, a key of this gateway, or the organisation's own sign-in.

import { ApiError } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
import { failure, field, notice } from "../lib/parts.js";
import { refresh } from "../lib/router.js";
import { signIn, takeRefusal, ways } from "../session.js";

export default {
  id: "signin",
  path: "/console/signin",
  nav: false,
  /** Why the link's own token did not serve. @type {ApiError | null} */ fault: /** @type {ApiError | null} */ (null),

  /** @param {HTMLElement} view */
  async render(view) {
    const code = takeRefusal();
    const said = h("div", {}, this.fault && refusal(this.fault), code && issuers(code));
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "password", name: "token", autocomplete: "off", spellcheck: "false", required: true }));
    const button = /** @type {HTMLButtonElement} */ (h("button", { class: "primary wide" }, t("signin.enter")));
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        await signIn(input.value.trim());
        this.fault = null;
        await refresh();
      } catch (error) {
        mount(said, error instanceof ApiError ? refusal(error) : failure(error));
        input.select();
      } finally {
        button.disabled = false;
      }
    };
    const other = h("div", {});
    mount(view, h("div", { class: "alone" },
      h("h1", {}, t("signin.heading")),
      h("p", { class: "lead" }, t("signin.lead")),
      said,
      h("form", { class: "card stack", onsubmit: submit }, field(t("signin.token"), input, { hint: t("signin.token_hint") }), button, other),
      h("p", { class: "muted small" }, t("signin.session"))));
    const found = await ways().catch(() => null);
    if (found?.oidc) mount(other, h("p", { class: "or" }, t("signin.or")), h("a", { class: "button quiet wide", href: "/comity/v1/session/oidc" }, t("signin.oidc", { issuer: found.oidc })));
  },
};

/** @param {ApiError} error */
const refusal = (error) => error.status === 401 || error.status === 403 ? notice("bad", t("signin.refused"), h("p", {}, t("signin.refused_hint"))) : failure(error);

/** What the issuer's answer came to. @param {string} code */
const issuers = (code) => notice("bad", t(has(`signin.issuer.${code.replace("session.", "")}`) ? `signin.issuer.${code.replace("session.", "")}` : "signin.issuer.oidc"), h("p", { class: "muted small" }, h("code", {}, code.slice(0, 64))));
