// SPDX-License-Identifier: Apache-2.0
// What was told: an act with all that it showed and claimed, and what the claims come to for what the product says of itself.

import { h } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { icon } from "../lib/parts.js";

/**
 * @typedef {{en: string, zh: string}} Said
 * @typedef {{kind: "shown", label: Said, value: Said} | {kind: "claim", claim: Said, holds: boolean | null, promise: string | null}} Told
 * @typedef {{act: number, title: Said, told?: Told[]}} Act
 * @typedef {{id: string, state: string, began: string, ended: string | null, failed: string, held: boolean | null, acts: Act[]}} Run
 */

export const PROMISES = ["country", "names", "sealed", "follows", "refusal", "proof", "tampering"];
const LONG = 96;
const CHINESE = /[\u4e00-\u9fff]/;

/** @param {Said} said */
export const inWords = (said) => said[language()];

/** @param {Act} act */
export const titled = (act) => t("case.act", { number: act.act, title: inWords(act.title) });

/** @param {Act[]} acts */
export const claimed = (acts) => acts.flatMap((act) => (act.told ?? []).flatMap((each) => each.kind === "claim" ? [{ ...each, act }] : []));

/** @param {Array<{holds: boolean | null}>} claims */
export const counted = (claims) => ({
  held: claims.filter((each) => each.holds === true).length,
  broken: claims.filter((each) => each.holds === false).length,
  open: claims.filter((each) => each.holds === null).length,
});

/** How a claim, or several, came out: as a word, a shape and a colour. @param {boolean | null} holds */
export function verdict(holds) {
  if (holds === null) return h("span", { class: "badge escalate" }, icon("warn"), t("case.verdict.open"));
  return h("span", { class: `badge ${holds ? "allow" : "deny"}` }, icon(holds ? "good" : "bad"), t(holds ? "case.verdict.held" : "case.verdict.broken"));
}

/** @param {Array<{holds: boolean | null}>} claims */
export function sum(claims) {
  const { held, broken, open } = counted(claims);
  return [held, broken, open].map((count, at) => count > 0 && h("span", { class: "case-sum" }, verdict([true, false, null][at]), " ", t("case.times", { count })));
}

/** All that an act told, in its order. @param {Act} act */
export function told(act) {
  return h("ol", { class: "case-told" }, (act.told ?? []).map(item));
}

/** @param {Told} each */
export function item(each) {
  if (each.kind === "claim") return h("li", { class: "case-claim" }, verdict(each.holds), h("p", {}, inWords(each.claim)));
  const value = inWords(each.value).trim();
  const foreign = language() === "en" && CHINESE.test(value) ? "zh-Hans" : null;
  const long = value.length > LONG || value.includes("\n");
  return h("li", { class: "case-shown" }, h("span", { class: "muted small" }, inWords(each.label)),
    value === "" ? h("span", { class: "muted" }, t("case.nothing")) : h(long ? "blockquote" : "span", { lang: foreign }, value));
}

/** Each thing that the product says of itself, with the claims that were measured of it. @param {Act[]} acts */
export function promises(acts) {
  const claims = claimed(acts);
  return h("div", { class: "stack" }, PROMISES.map((promise) => {
    const of = claims.filter((each) => each.promise === promise);
    return h("section", { class: "card stack" },
      h("div", { class: "row" }, h("h2", {}, t(`case.promise.${promise}.title`)), of.length > 0 ? sum(of) : verdict(null)),
      h("p", { class: "hint" }, t(`case.promise.${promise}.about`)),
      h("ul", { class: "case-told" }, of.map((each) => h("li", { class: "case-claim" }, verdict(each.holds), h("p", {}, inWords(each.claim), " ",
        h("a", { href: `/console/case/${each.act.act}`, class: "small" }, t("case.in_act", { number: each.act.act })))))));
  }));
}
