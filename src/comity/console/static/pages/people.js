// SPDX-License-Identifier: Apache-2.0
// For the privacy officer: a link for one person to what is theirs, requests to erase, and every change with who made it.

import { get, post } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
import { copyButton, failure, field, heading, idText, notice, table, tabs, time, waiting } from "../lib/parts.js";

const ROWS = 50;
const PERSON = "subject";

export default {
  id: "people",
  path: "/console/people",
  roles: ["officer"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    const views = [
      { id: "link", label: t("people.link"), render: () => link() },
      { id: "erasures", label: t("people.erasures"), render: () => list("/comity/v1/erasures", erasures, signal) },
      { id: "changes", label: t("people.changes"), render: () => list("/comity/v1/changes", changes, signal) },
    ];
    const chosen = params.query.get("view") ?? "link";
    mount(view, heading(t("people.heading"), t("people.lead")), tabs(views, t("people.heading"), views.some(({ id }) => id === chosen) ? chosen : "link"));
  },
};

function link() {
  const shown = h("div", { role: "status" });
  const input = /** @type {HTMLInputElement} */ (h("input", { required: true, maxlength: 256, autocomplete: "off", spellcheck: "false", autocapitalize: "off" }));
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const made = await post("/comity/v1/me/links", { subject: input.value.trim() });
      const address = new URL(made.link, location.origin).href;
      input.value = "";
      mount(shown, notice("good", t("people.link_made"), h("p", {}, h("code", { class: "id" }, address)), h("div", { class: "row" }, copyButton(address, t("people.link")), h("span", { class: "hint" }, t("people.link_until"), " ", time(made.until))), h("p", { class: "hint" }, t("people.link_try"))));
    } catch (error) {
      mount(shown, failure(error));
    }
  };
  return h("div", { class: "stack narrow" }, h("p", {}, t("people.link_about")),
    h("form", { class: "card stack", onsubmit: make }, field(t("people.subject"), input, { hint: t("people.subject_hint") }), h("div", { class: "row" }, h("button", { class: "primary" }, t("people.link_make")))), shown);
}

/**
 * A list that is paged on keys, and grows downwards.  `again` fetches it anew, and says what came of what was done.
 * @param {string} path @param {(rows: any[], again: (came: HTMLElement) => void) => import("../lib/dom.js").Child} draw @param {AbortSignal} signal
 */
function list(path, draw, signal) {
  const said = h("div", { role: "status" });
  const shown = h("div", { class: "stack" }, waiting());
  /** @type {any[]} */ let rows = [];
  const fetch = async (/** @type {any} */ after) => {
    try {
      const page = await get(path, { limit: ROWS, after: after ?? "" }, { signal });
      rows = after === null ? page.data : [...rows, ...page.data];
      mount(shown, draw(rows, again), page.after !== null && h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: () => fetch(page.after) }, t("people.older"))));
    } catch (error) {
      if (signal.aborted) return;
      if (rows.length === 0) mount(shown);
      mount(said, failure(error));
    }
  };
  const again = (/** @type {HTMLElement} */ came) => {
    mount(said, came);
    void fetch(null);
  };
  void fetch(null);
  return h("div", { class: "stack" }, said, shown);
}

/** @param {any[]} rows @param {(came: HTMLElement) => void} again */
function erasures(rows, again) {
  return [h("p", {}, t("people.erasures_about")), table([
    { name: "made", title: t("people.column.made"), cell: (row) => time(row.made) },
    { name: "id", title: t("people.column.number"), cell: (row) => idText(row.id) },
    { name: "state", title: t("people.column.state"), cell: (row) => row.done ? [t("people.done"), " ", time(row.done)] : t("people.open") },
    { name: "records", title: t("people.column.records"), number: true },
    { name: "held", title: t("people.column.held"), cell: (row) => row.held > 0 ? t("people.held", { count: row.held, until: row.held_until ?? "–" }) : "–" },
    { name: "act", title: t("people.column.act"), cell: (row) => row.done ? "–" : carryOut(row.id, again) },
  ], rows, { caption: t("people.erasures"), hidden: true, empty: t("people.no_erasures") })];
}

/** Asked twice, since nothing brings it back. @param {string} id @param {(came: HTMLElement) => void} again */
function carryOut(id, again) {
  let sure = false;
  const button = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "small danger", onclick: async () => {
    if (!sure) {
      sure = true;
      mount(button, t("people.sure"), h("span", { class: "sr" }, ` ${id}`));
      return;
    }
    button.disabled = true;
    try {
      const came = await post(`/comity/v1/erasures/${encodeURIComponent(id)}`, {});
      again(notice(came.done ? "good" : "warn", came.done ? t("people.carried_out", { count: came.records }) : t("people.under_way", { count: came.under_way })));
    } catch (error) {
      again(failure(error)); // somebody else may have been quicker
    }
  } }, t("people.carry_out"), h("span", { class: "sr" }, ` ${id}`)));
  return button;
}

/** @param {any[]} rows */
function changes(rows) {
  return [h("p", {}, t("people.changes_about")), table([
    { name: "at", title: t("people.column.at"), cell: (row) => time(row.at) },
    { name: "what", title: t("people.column.what"), cell: (row) => has(`people.what.${row.what}`) ? t(`people.what.${row.what}`) : h("code", { class: "id" }, row.what) },
    { name: "by", title: t("people.column.by"), cell: (row) => row.role === PERSON ? t("people.person") : [row.by, " ", h("span", { class: "muted" }, has(`shell.role.${row.role}`) ? t(`shell.role.${row.role}`) : row.role)] },
    { name: "of", title: t("people.column.of"), cell: (row) => row.of ? idText(row.of) : "–" },
    { name: "number", title: t("people.column.count"), number: true },
    { name: "index", title: t("people.column.place"), number: true },
  ], rows, { caption: t("people.changes"), hidden: true, empty: t("people.no_changes") })];
}
