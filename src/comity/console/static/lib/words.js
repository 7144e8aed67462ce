// SPDX-License-Identifier: Apache-2.0
// The law's own words in plain language (i18n/words.<language>.json, written from the packs' vocabulary).  A word that has none is shown
// as it is.

import { get } from "./api.js";
import { dictionary, formatList, formatNumber, has, language, t } from "./i18n.js";

/** @typedef {"obligations" | "remedies" | "words" | "applies" | "confidence" | "tables" | "terms" | "regions" | "packs" | "notes" | "instruments" | "articles"} Kind */

/** @param {Kind} kind @param {string} name @returns {string} */
export const word = (kind, name) => dictionary("words")?.[kind]?.[name] ?? name.replaceAll("_", " ");

/** With its parameter where it has one (`log.retain_months:6`). @param {string} id @returns {string} */
export function obligation(id) {
  const [, name, amount] = /** @type {RegExpMatchArray} */ (id.match(/^(.*?)(?::(\d+))?$/));
  return word("obligations", name).replace("{n}", amount ? formatNumber(Number(amount)) : "");
}

/** A step of a way out of a refusal: a remedy, another place to go to, evidence to be registered. @param {string} id @returns {string} */
export function remedy(id) {
  if (id.startsWith("route:to:")) return t("shell.way.route", { place: id.slice("route:to:".length) });
  if (id.startsWith("evidence:")) return t("shell.way.evidence", { kind: word("words", id.slice("evidence:".length)) });
  return word("remedies", id);
}

/** A place: `device`, a region, or `!CN` for anywhere but there. @param {string} code @returns {string} */
export function place(code) {
  if (code === "device") return t("shell.place.device");
  if (code.startsWith("!")) return t("shell.place.except", { place: place(code.slice(1)) });
  return word("regions", code);
}

/** @param {readonly string[]} codes @returns {string} */
export const places = (codes) => codes.length === 0 ? "–" : formatList(codes.map(place));

/** A law by its name; a sketch of one region by that region's where the language has no name for it. @param {{id: string, name: string, regions?: readonly string[]}} pack @returns {string} */
export function packName({ id, name, regions = [] }) {
  const known = dictionary("words")?.packs?.[name];
  if (known || language() === "en") return known ?? name;
  const region = dictionary("words")?.regions?.[regions[0] ?? id.toUpperCase()];
  return region ?? name;
}

/** A row of a law's table in words, with what it has. @param {string} pack @param {string} name @param {string} has @returns {string} */
export const tabled = (pack, name, has) => word("tables", `${pack}.${name}`).replace(/\{(list|n)\}/, has);

/** An article, as it is cited. @param {string} instrument @param {string} article @returns {string} */
export function citation(instrument, article) {
  const named = word("instruments", instrument);
  if (article === "-" || !article) return named;
  if (language() === "en" || named === instrument) return `${named}, ${article}`;
  const known = dictionary("words")?.articles?.[article];
  return named + (known ?? article.replace(/^Arts?\. ([\d.]+)$/, "第$1条"));
}

/** @type {Map<string, Promise<any>>} */ const packs = new Map();

/** A pack as it stands today, asked for once. @param {string} named `cn@0.1.0` or `cn` @returns {Promise<any>} */
export function pack(named) {
  const id = named.split("@")[0];
  if (!packs.has(id)) packs.set(id, get(`/comity/v1/packs/${encodeURIComponent(id)}`).catch(() => null));
  return /** @type {Promise<any>} */ (packs.get(id));
}

/** What a rule says, in the language shown where it has it. @param {{rule?: string, pack?: string, text: string, fact?: string}} reason @returns {Promise<string>} */
export async function ruleText({ rule = "", pack: named = "", text, fact = "" }) {
  if (language() === "en") return text || fact;
  if (!named) return has(`shell.reason.${fact}`) ? t(`shell.reason.${fact}`) : text || fact; // of no law, but of the gateway itself
  const found = await pack(named);
  if ((fact || rule) === "horizon") return t("shell.horizon", { law: found ? packName(found.pack) : named });
  return found?.rules.find((/** @type {any} */ each) => each.id === rule)?.text_zh || text || fact;
}
