// SPDX-License-Identifier: Apache-2.0
// A refusal as a page that a person can read: why, by which article, and what would change it.

import { h } from "../lib/dom.js";
import { formatDate, t } from "../lib/i18n.js";
import { details } from "../lib/parts.js";
import { citation, remedy, word } from "../lib/words.js";

/**
 * @param {import("../lib/api.js").ApiError} error @param {Record<string, string[]>} grants which consent a remedy asks for
 * @param {(steps: string[]) => void} grant called with the steps that are to be taken
 */
export async function refusal(error, grants, grant) {
  const { candidates, remedies, ways = [], effect } = error.body.error.decision;
  const possible = (/** @type {string} */ step) => step.startsWith("route:to:") || step in grants;
  const open = ways.filter((/** @type {any} */ way) => way.steps.every(possible));
  const named = new Set(open.flatMap((/** @type {any} */ way) => way.steps));
  const other = [...new Set([...ways.filter((/** @type {any} */ way) => !open.includes(way)).flatMap((/** @type {any} */ way) => way.steps), ...remedies])].filter((step) => !named.has(step));
  const articles = new Map(candidates.flatMap((/** @type {any} */ each) => each.citations).map((/** @type {any} */ cited) => [`${cited.instrument}|${cited.article}`, cited]));
  return h("div", { class: "refusal stack" },
    h("h4", {}, t(error.status === 403 ? "try.refused.tenant" : `try.refused.${effect}`)),
    h("p", {}, t("try.refused.nothing")),
    open.length > 0 && h("div", { class: "stack-small" }, h("h5", {}, t("try.refused.change")),
      h("ul", { class: "plain ways" }, open.map((/** @type {any} */ way) => h("li", {},
        h("span", {}, sentence(way.steps), way.steps.some((/** @type {string} */ step) => !step.startsWith("route:to:")) && h("span", { class: "hint" }, ` ${t("try.refused.then", { place: way.deployment })}`)),
        h("button", { type: "button", class: "primary small", onclick: () => grant(way.steps) }, t(label(way.steps))))))),
    other.length > 0 && h("div", { class: "stack-small" }, h("h5", {}, t("try.refused.other")),
      h("ul", {}, other.map((step) => h("li", {}, sentence([step]), step in grants && [" ",
        h("button", { type: "button", class: "quiet small", onclick: () => grant([step]) }, t("try.refused.grant"))])))),
    articles.size > 0 && details(t("try.refused.articles", { count: articles.size }), h("ul", { class: "plain articles" }, [...articles.values()].map((cited) => h("li", {},
      h("strong", {}, citation(cited.instrument, cited.article)),
      h("span", { class: "hint" }, cited.effective && t("try.refused.since", { day: formatDate(cited.effective) }), " ", word("confidence", cited.confidence)))))));
}

/** @param {string[]} steps */
const sentence = (steps) => steps.map(remedy).join(t("try.and")).replace(/^[a-z]/, (letter) => letter.toUpperCase());

/** @param {string[]} steps */
const label = (steps) => steps.every((step) => step.startsWith("route:to:")) ? "try.refused.go" : "try.refused.grant_ask";
