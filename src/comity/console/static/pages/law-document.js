// SPDX-License-Identifier: Apache-2.0
// A document of the gateway's (sections, paragraphs, lists) as elements; its links lead to places in itself.

import { h } from "../lib/dom.js";

/** @param {any} document */
export function written(document) {
  return h("article", { class: "card document", lang: document.language === "zh" ? "zh-Hans" : document.language, "aria-label": document.title },
    h("h2", {}, document.title), document.blocks.map((/** @type {any} */ block) => part(block, 3)));
}

/** @param {any} block @param {number} level @returns {import("../lib/dom.js").Child} */
function part(block, level) {
  if (block.is === "section") return h("section", {}, h(`h${Math.min(level, 6)}`, {}, block.title), block.blocks.map((/** @type {any} */ each) => part(each, level + 1)));
  if (block.is === "items") return list(block.items);
  return h("p", {}, block.runs.map(run));
}

/** @param {any[]} items @returns {import("../lib/dom.js").Child} */
const list = (items) => items.length > 0 && h("ul", {}, items.map((item) => h("li", {}, item.runs.map(run), list(item.items))));

/** @param {any} said @returns {import("../lib/dom.js").Child} */
function run(said) {
  if (typeof said === "string") return said;
  if (said.is === "code") return h("code", { class: "id muted" }, said.text);
  if (said.is === "link") return h("a", { href: `#doc-${said.to}` }, said.text);
  return h("span", { id: `doc-${said.id}`, tabindex: "-1" }, said.text);
}
