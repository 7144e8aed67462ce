// SPDX-License-Identifier: Apache-2.0
// The facts a decision rests on, by their names, in the words of the language shown.  They are words of the vocabulary, never content.

import { h } from "./dom.js";
import { formatDate, formatNumber, has, t } from "./i18n.js";
import { details, facts } from "./parts.js";
import { place, places, word } from "./words.js";

/** @typedef {[string, import("./dom.js").Child, any]} Row name, what is shown, and the value itself */

const PLACES = new Set(["location", "residence", "collected_in", "established", "processing", "storage", "access", "operator_region", "residency"]);

/** @param {Record<string, any>} given what all places share, then `providers` @returns {HTMLElement} */
export function factRows(given) {
  const { providers = [], ...shared } = given;
  return h("div", { class: "stack" }, both(shared),
    providers.map((/** @type {any} */ each) => {
      const { provider: { id, ...own }, ...rest } = each;
      return details(id, both({ ...own, ...rest }));
    }));
}

/** What says something first; what is no, none, nought or not said is there too, folded. @param {Record<string, any>} given */
function both(given) {
  const all = rows(given);
  const empty = all.filter(([, , value]) => !value || value.length === 0);
  const list = (/** @type {Row[]} */ some) => h("div", { class: "fact-columns" }, facts(some.map(([name, shown]) => [name, shown])));
  return h("div", { class: "stack" }, list(all.filter((row) => !empty.includes(row))), empty.length > 0 && details(t("shell.fact.empty", { count: empty.length }), list(empty)));
}

/** @param {Record<string, any>} given @param {string} [group] @returns {Row[]} */
function rows(given, group = "") {
  return Object.entries(given).flatMap(([key, value]) => {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return rows(value, key);
    return [[member(key, group), said(key, value), value]];
  });
}

/** @param {string} key @param {string} group */
function member(key, group) {
  for (const name of [`shell.fact.${group}_${key}`, `shell.fact.${key}`]) if (has(name)) return t(name);
  return word("words", key);
}

/** @param {string} key @param {any} value @returns {import("./dom.js").Child} */
function said(key, value) {
  if (value === null || value === "") return h("span", { class: "muted" }, t("shell.fact.unsaid"));
  if (typeof value === "boolean") return t(value ? "shell.fact.yes" : "shell.fact.no");
  if (typeof value === "number") return formatNumber(value);
  if (Array.isArray(value)) return value.length === 0 ? h("span", { class: "muted" }, t("shell.fact.nothing")) : PLACES.has(key) ? places(value) : value.map((each) => h("span", { class: "chip" }, word("words", String(each))));
  if (PLACES.has(key)) return place(value);
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? formatDate(value) : word("words", String(value));
}
