// SPDX-License-Identifier: Apache-2.0
// What the law said of a place, as a person reads it: reasons in words, articles with their text and date.

import { h } from "./dom.js";
import { formatDate, t } from "./i18n.js";
import { citation, ruleText, word } from "./words.js";

/** Each reason once, in words, with the rule it comes from. @param {{reasons: any[]}} judged */
export async function reasons({ reasons: given }) {
  const said = await Promise.all(given.map(async (reason) => [await ruleText(reason), reason.rule || reason.fact]));
  const seen = new Map(said.map(([text, rule]) => [`${text}|${rule}`, h("li", {}, text, " ", h("code", { class: "id rule" }, rule))]));
  return [...seen.values()];
}

/** An article: what it says, its own words where the pack quotes them, since when, how sure that is, and where it was read. @param {any} cited */
export function article(cited) {
  return h("li", {},
    h("strong", {}, citation(cited.instrument, cited.article)),
    cited.summary && h("p", {}, cited.summary),
    cited.quote && h("blockquote", {}, cited.quote),
    h("p", { class: "hint" }, cited.effective && `${t("shell.article.since", { day: formatDate(cited.effective) })} `, word("confidence", cited.confidence)),
    sources(cited.source));
}

/** @param {string | undefined} said addresses, apart by `;` */
function sources(said) {
  const found = (said ?? "").split(";").map((each) => each.trim()).filter((each) => /^https?:\/\//.test(each));
  return found.length > 0 && h("p", { class: "hint" }, t("shell.article.source"), " ", found.map((each, at) => [at > 0 && ", ", h("a", { href: each, rel: "noreferrer noopener", target: "_blank" }, host(each))]));
}

/** @param {string} address */
function host(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
