// SPDX-License-Identifier: Apache-2.0
// What is said, in which language.  Words stand in static/i18n/<page>.<language>.json, and nowhere in a program.

/** @typedef {"en" | "zh"} Language */

const LOCALES = { en: "en-GB", zh: "zh-Hans-CN" };
const KEPT = "comity.language";
/** @type {Map<string, Promise<any>>} */ const loading = new Map();
/** @type {Record<string, any>} */ let words = {};
/** @type {Language} */ let current = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** @returns {Language} */
export const language = () => current;

/** The locale of the language that is shown, for what `Intl` writes. */
export const locale = () => LOCALES[current];

/** From here on pages are shown in it; whoever calls loads what is on the page and renders it anew. @param {Language} chosen */
export function setLanguage(chosen) {
  current = chosen;
  words = {};
  localStorage.setItem(KEPT, chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-Hans" : "en";
}

/** The words of `pages`, in the language that is shown. @param {...string} pages */
export async function load(...pages) {
  const said = current;
  const found = await Promise.all(pages.map((page) => catalog(page, said)));
  if (said === current) pages.forEach((page, at) => (words[page] = found[at]));
}

/** @param {string} page @param {Language} said */
function catalog(page, said) {
  const path = `/console/static/i18n/${page}.${said}.json`;
  if (!loading.has(path)) loading.set(path, fetch(path, { credentials: "same-origin" }).then((answer) => answer.json()));
  return /** @type {Promise<any>} */ (loading.get(path));
}

/** All words of a page's catalog, for those whose names have dots. @param {string} page */
export const dictionary = (page) => words[page];

/** Whether the catalogs have a word for `key`. @param {string} key */
export const has = (key) => found(key) !== undefined;

/**
 * The text of `key` (`page.place.name`), with `{name}` replaced by the parameter.  Where the text depends on a number it is an
 * object of plural forms (`one`, `other`), chosen by `params.count`; numbers are written as the language writes them.
 * @param {string} key @param {Record<string, string | number>} [params] @returns {string}
 */
export function t(key, params = {}) {
  let said = found(key);
  if (typeof said === "object") said = said[new Intl.PluralRules(locale()).select(Number(params.count))] ?? said.other;
  if (typeof said !== "string") {
    console.error(`no words for ${key} in ${current}`);
    return key;
  }
  return said.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === "number" ? formatNumber(value) : value;
  });
}

/** @param {string} key */
function found(key) {
  let at = /** @type {any} */ (words);
  for (const part of key.split(".")) at = typeof at === "object" && Object.hasOwn(at, part) ? at[part] : undefined;
  return at;
}

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const formatNumber = (value, options) => new Intl.NumberFormat(locale(), options).format(value);

/** @param {number} value of one @param {number} [digits] */
export const formatPercent = (value, digits = 0) => formatNumber(value, { style: "percent", maximumFractionDigits: digits });

/** A day (`2026-12-02`) or a moment, in UTC as all records are. @param {string | Date} value @param {Intl.DateTimeFormatOptions} [options] */
export function formatDate(value, options) {
  const day = typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
  const moment = value instanceof Date ? value : new Date(String(value).replace(/(T\d{2}:\d{2})Z$/, "$1:00Z"));
  const shape = options ?? (day ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" });
  return new Intl.DateTimeFormat(locale(), { timeZone: "UTC", ...shape }).format(moment);
}

/** @param {string[]} items @returns {string} */
export const formatList = (items) => new Intl.ListFormat(locale(), { type: "conjunction" }).format(items);
