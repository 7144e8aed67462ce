// SPDX-License-Identifier: Apache-2.0
// One law: what it forbids, allows and asks for, its tables, the articles it rests on with their sources, and what changes next.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { formatDate, formatList, formatNumber, language, t } from "../lib/i18n.js";
import { article } from "../lib/judged.js";
import { details, facts, heading, idText, notice, table, time, waiting } from "../lib/parts.js";
import { obligation, packName, place, places, remedy, tabled, word } from "../lib/words.js";
import { changeText, dayForm } from "./law.js";

const KINDS = ["forbids", "escalates", "ground", "owes", "term"];
const SHOWN = 12; // of a long list of words

/** @param {HTMLElement} view @param {string} id @param {string} day @param {AbortSignal} signal @returns {Promise<string>} */
export async function one(view, id, day, signal) {
  mount(view, h("h1", {}, t("law.heading")), waiting());
  const found = await get(`/comity/v1/packs/${encodeURIComponent(id)}`, { as_of: day }, { signal });
  const name = packName(found.pack);
  mount(view,
    h("nav", { class: "crumbs", "aria-label": t("law.back_label") }, h("a", { href: `/console/law${day ? `?${new URLSearchParams({ as_of: day })}` : ""}` }, t("law.back"))),
    heading(name, t("law.one_lead", { day: formatDate(found.as_of) }), dayForm(day, found.as_of)),
    h("div", { class: "stack" },
      found.pack.note && notice(found.pack.depth === "sketch" ? "warn" : "info", word("notes", found.pack.note)),
      part("glance", glance(found.pack)),
      KINDS.map((kind) => rules(kind, found.rules.filter((/** @type {any} */ rule) => rule.kind === kind))),
      found.tables.length > 0 && part("tables", h("ul", { class: "plain rules" }, found.tables.map((/** @type {any} */ row) => tableOf(found.pack.id, row)))),
      part("facts", h("p", { class: "hint" }, t("law.facts_about")), h("ul", { class: "plain articles" }, found.facts.map(factOf))),
      found.coming.length > 0 && part("next", h("ul", {}, found.coming.map(changeOf)))));
  return name;
}

/** @param {string} name @param {...import("../lib/dom.js").Child} children */
const part = (name, ...children) => h("section", { class: "card stack", "aria-labelledby": `law-${name}` }, h("h2", { id: `law-${name}` }, t(`law.part.${name}`)), children);

/** @param {any} pack */
function glance(pack) {
  return facts([
    [t("law.column.depth"), t(`law.depth.${pack.depth}`)],
    [t("law.regions"), places(pack.regions)],
    [t("law.applies"), formatList(pack.applies.map((/** @type {string} */ each) => word("applies", each)))],
    pack.not_covered.length > 0 ? [t("law.not_covered"), formatList(pack.not_covered)] : null,
    [t("law.column.verified"), time(pack.verified_through)],
    [t("law.column.horizon"), [time(pack.horizon), h("span", { class: "hint" }, ` ${t("law.horizon_text")}`)]],
    [t("law.column.reviewed"), pack.reviewed_by.length > 0 ? pack.reviewed_by.join(", ") : t("law.nobody")],
    [t("law.version"), idText(`${pack.id}@${pack.version}`)],
    [t("law.digest"), idText(pack.digest)],
  ].filter((row) => row !== null));
}

/** @param {string} kind @param {any[]} list */
function rules(kind, list) {
  if (list.length === 0) return null;
  return h("section", { class: "card stack", "aria-labelledby": `law-${kind}` }, h("h2", { id: `law-${kind}` }, t(`law.kind.${kind}`)), h("p", { class: "hint" }, t(`law.kind_about.${kind}`)),
    h("ul", { class: "plain rules" }, list.map(ruleOf)));
}

/** @param {any} rule */
function ruleOf(rule) {
  const said = (language() === "zh" && rule.text_zh) || rule.text;
  return h("li", {},
    h("p", {}, rule.obligation && h("strong", {}, obligation(rule.obligation), t("law.colon")), rule.term && h("strong", {}, word("terms", `${rule.id.split(".")[0]}.${rule.term}`), t("law.colon")), said, " ", h("code", { class: "id muted" }, rule.id)),
    rule.remedies.length > 0 && h("p", { class: "hint" }, t("law.remedies", { remedies: formatList(rule.remedies.map(remedy)) })),
    h("p", { class: "hint" }, t("law.rests_on"), " ", rule.facts.map((/** @type {string} */ fact, /** @type {number} */ at) => [at > 0 && ", ", h("a", { href: `#fact-${fact}`, class: "id" }, fact)]),
      rule.valid_from && ` · ${t("law.from", { day: formatDate(rule.valid_from) })}`, rule.valid_to && ` · ${t("law.until", { day: formatDate(rule.valid_to) })}`));
}

/** @param {string} pack @param {any} row */
function tableOf(pack, row) {
  const words = Array.isArray(row.value) ? row.value.map((/** @type {string} */ each) => (word("regions", each) !== each ? place(each) : word("words", each))) : null;
  const long = words !== null && words.length > SHOWN;
  return h("li", {}, h("p", {}, tabled(pack, row.name, words === null ? formatNumber(row.value) : long ? t("law.words", { count: words.length }) : formatList(words))),
    long && details(t("law.words_show"), formatList(words)),
    h("p", { class: "hint" }, t("law.from", { day: formatDate(row.since) }), " ", t("law.rests_on"), " ", h("a", { href: `#fact-${row.fact}`, class: "id" }, row.fact)));
}

/** @param {any} fact */
function factOf(fact) {
  const shown = article(fact);
  shown.id = `fact-${fact.id}`;
  shown.tabIndex = -1;
  shown.prepend(h("code", { class: "id muted" }, fact.id));
  if (fact.effective_to) shown.append(h("p", { class: "hint" }, t("law.until", { day: formatDate(fact.effective_to) })));
  if (fact.note) shown.append(h("p", { class: "hint" }, fact.note));
  if (fact.source && !/^https?:/.test(fact.source)) shown.append(h("p", { class: "hint" }, t("law.read_in"), " ", idText(fact.source)));
  if (fact.text_sha256) shown.append(h("p", { class: "hint" }, "SHA-256 ", idText(fact.text_sha256)));
  return shown;
}

/** @param {any} row */
const changeOf = (row) => h("li", {}, time(row.on), " ", h("span", { class: "chip" }, t(`law.what.${row.what.replace(" ", "_")}`)), " ", changeText(row));
