// SPDX-License-Identifier: Apache-2.0
// Recorded decisions, the newest first.  What is searched for stands in the address, so a list can be kept and sent to somebody.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { badge, details, field, heading, notice, pager, select, table, time, waiting } from "../lib/parts.js";
import { navigate } from "../lib/router.js";
import { place, places, word } from "../lib/words.js";

const PATH = "/console/decisions";
const EFFECTS = ["allow", "deny", "escalate"];
const FIRST = ["effect", "source", "destination", "from", "to"];
const FURTHER = ["deployment", "pack", "rule", "fact", "status", "request"];
const ROWS = 50;
const RULES = 2; // named in a row
const LOOKS_MAX = 5; // a look ends after ten thousand records: so many are taken before the reader is asked
/** @type {Map<string, string>} */ const newer = new Map(); // of each page that was gone on to, by address: the one before it

/** @param {HTMLElement} view @param {URLSearchParams} query @param {AbortSignal} signal */
export async function list(view, query, signal) {
  const asked = Object.fromEntries([...FIRST, ...FURTHER].map((name) => [name, query.get(name) ?? ""]));
  const after = query.get("after") ?? "";
  const shown = h("div", { class: "stack" }, waiting());
  mount(view, heading(t("decisions.heading"), t("decisions.lead")), h("div", { class: "stack" }, form(asked), shown));
  const page = await looked({ ...asked, after, limit: ROWS }, signal);
  mount(shown, page.data.length > 0 || after ? rows(page.data) : nothing(asked), more(page, asked, after));
}

/** A page that has rows, or the last that was looked at. @param {Record<string, any>} query @param {AbortSignal} signal */
async function looked(query, signal) {
  let page = await get("/comity/v1/decisions", query, { signal });
  for (let looks = 1; page.data.length === 0 && page.after && looks < LOOKS_MAX; looks += 1) {
    page = await get("/comity/v1/decisions", { ...query, after: page.after }, { signal });
  }
  return page;
}

/** @param {Record<string, string>} asked */
function form(asked) {
  const inputs = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, input(name, value)]));
  const fields = (/** @type {string[]} */ names) => names.map((name) => field(t(`decisions.filter.${name}`), inputs[name], { hint: hint(name) }));
  const search = (/** @type {Event} */ event) => {
    event.preventDefault();
    void navigate(address(Object.fromEntries(Object.entries(inputs).map(([name, each]) => [name, /** @type {HTMLInputElement} */ (each).value.trim()]))));
  };
  return h("form", { class: "card stack filters", role: "search", "aria-label": t("decisions.filter.heading"), onsubmit: search },
    h("div", { class: "form-row" }, fields(FIRST)),
    details(t("decisions.filter.further"), h("div", { class: "form-row" }, fields(FURTHER)), FURTHER.some((name) => asked[name])),
    h("div", { class: "row" }, h("button", { class: "primary" }, t("decisions.filter.search")),
      Object.values(asked).some(Boolean) && h("a", { href: PATH, class: "button quiet" }, t("decisions.filter.clear"))));
}

/** @param {string} name @param {string} value */
function input(name, value) {
  if (name === "effect") return select([["", t("decisions.filter.any")], ...EFFECTS.map((each) => /** @type {[string, string]} */ ([each, t(`shell.effect.${each}`)]))], value);
  const day = name === "from" || name === "to";
  return h("input", { name, value, type: day && (!value || value.length === 10) ? "date" : "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 200 });
}

/** @param {string} name */
const hint = (name) => (["source", "destination", "pack", "rule", "fact", "status"].includes(name) ? t(`decisions.filter.hint.${name}`) : "");

/** @param {Record<string, string>} asked */
function address(asked) {
  const said = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  return said.size > 0 ? `${PATH}?${said}` : PATH;
}

/** @param {any[]} data */
function rows(data) {
  return table([
    { name: "at", title: t("decisions.column.at"), cell: (row) => h("a", { href: `${PATH}/${encodeURIComponent(row.id)}`, class: "when" }, time(row.at), h("span", { class: "sr" }, ` ${row.id}`)) },
    { name: "effect", title: t("decisions.column.effect"), cell: (row) => badge(shownEffect(row)) },
    { name: "way", title: t("decisions.column.way"), cell: way },
    { name: "deployment", title: t("decisions.column.deployment"), cell: (row) => row.deployment || h("span", { class: "muted" }, "–") },
    { name: "reasons", title: t("decisions.column.reasons"), cell: spoke },
    { name: "status", title: t("decisions.column.status"), cell: (row) => status(row.status) },
  ], data, { caption: t("decisions.caption"), hidden: true, empty: t("decisions.none_here") });
}

/** The first rules, and how many more. @param {any} row */
const spoke = ({ rules }) => h("span", { class: "small spoke" }, rules.slice(0, RULES).map((/** @type {string} */ rule) => h("code", { class: "id rule" }, rule)),
  rules.length > RULES && h("span", { class: "muted" }, t("decisions.more_rules", { count: rules.length - RULES })));

/** @param {any} row */
export const shownEffect = (row) => (row.effect === "allow" && row.destination.includes("device") ? "device" : row.effect);

/** @param {any} row */
export const way = (row) => h("span", {}, row.source ? place(row.source) : t("decisions.unknown"), " → ",
  row.destination.length > 0 ? places(row.destination) : h("span", { class: "muted" }, t("decisions.nowhere")));

/** @param {string} said */
export const status = (said) => (["ok", "refused", "open"].includes(said) ? t(`decisions.status.${said}`) : h("span", {}, t("decisions.status.failed"), " ", h("code", { class: "id" }, word("words", said))));

/** @param {Record<string, string>} asked */
function nothing(asked) {
  if (Object.values(asked).some(Boolean)) return notice("info", t("decisions.nothing_found"), h("p", {}, h("a", { href: PATH }, t("decisions.filter.clear"))));
  return notice("info", t("decisions.nothing_yet"), h("p", {}, h("a", { href: "/console/try" }, t("decisions.try"))));
}

/** @param {any} page @param {Record<string, string>} asked @param {string} after */
function more(page, asked, after) {
  const [first, here, next] = ["", after, page.after].map((cursor) => address({ ...asked, after: cursor }));
  if (page.after) newer.set(next, here);
  const older = page.after && (() => void navigate(next));
  const back = after && (() => void navigate(newer.get(here) ?? first));
  return [page.data.length === 0 && page.after && notice("info", t("decisions.look_on")), (older || back) && pager({ newer: back || null, older: older || null })];
}
