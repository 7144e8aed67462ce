// SPDX-License-Identifier: Apache-2.0
// Recorded traffic judged again: under the law of another day, or with fewer laws; which rule flips what.

import { post } from "../lib/api.js";
import { bars } from "../lib/charts.js";
import { h, mount } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { reasons } from "../lib/judged.js";
import { badge, details, failure, field, idText, notice, table, waiting } from "../lib/parts.js";
import { obligation, packName, ruleText, word } from "../lib/words.js";

const EFFECTS = ["allow", "deny", "escalate"];
const LIMIT = 100_000;

/** @param {any} packs @param {AbortSignal} signal */
export function replay(packs, signal) {
  const input = (/** @type {string} */ name, value = "") => /** @type {HTMLInputElement} */ (h("input", { type: "date", name, value, required: name === "as_of" }));
  const [day, from, to] = [input("as_of", packs.as_of), input("from"), input("to")];
  const deep = packs.data.filter((/** @type {any} */ pack) => pack.depth !== "sketch");
  const asked = new Set(packs.data.map((/** @type {any} */ pack) => pack.id));
  const laws = h("div", { class: "checks" }, deep.map((/** @type {any} */ pack) => h("label", { class: "check" }, h("input", { type: "checkbox", checked: true, onchange: (/** @type {any} */ event) => {
    if (event.target.checked) asked.add(pack.id);
    else asked.delete(pack.id);
  } }), h("span", {}, packName(pack)))));
  const shown = h("div", { class: "stack", "aria-live": "polite" }, h("p", { class: "muted" }, t("whatif.replay_idle")));
  const run = async (/** @type {Event} */ event) => {
    event.preventDefault();
    mount(shown, waiting(t("whatif.replaying")));
    const all = asked.size === packs.data.length;
    const body = { as_of: day.value, recorded: { ...(from.value && { from: from.value }), ...(to.value && { to: to.value }), limit: LIMIT }, ...(!all && { packs: [...asked] }) };
    try {
      mount(shown, await result(await post("/comity/v1/replay", body, { signal })));
    } catch (error) {
      if (!signal.aborted) mount(shown, failure(error));
    }
  };
  return h("div", { class: "stack" },
    h("form", { class: "card stack", "aria-label": t("whatif.replay"), onsubmit: run },
      h("p", { class: "hint" }, t("whatif.replay_about")),
      h("div", { class: "form-row" }, field(t("whatif.replay_day"), day, { hint: t("whatif.replay_day_hint") }), field(t("whatif.replay_from"), from), field(t("whatif.replay_to"), to)),
      details(t("whatif.replay_laws"), [h("p", { class: "hint" }, t("whatif.replay_laws_about")), laws]),
      h("div", { class: "row" }, h("button", { class: "primary" }, t("whatif.replay_run")))),
    shown);
}

/** @param {any} found */
async function result(found) {
  if (found.records === 0) return notice("info", t("whatif.no_records"));
  const flips = await Promise.all([...found.flips, ...found.terms].map(flip));
  const rules = await Promise.all(found.rules.map(async (/** @type {any} */ row) => ({ ...row, said: await ruleText(row) })));
  return [
    notice(found.flipped > 0 ? "warn" : "good", found.flipped > 0 ? t("whatif.flipped", { count: found.flipped, records: found.records }) : t("whatif.none_flips", { records: found.records }),
      h("p", {}, t("whatif.looked", { count: found.looked?.records ?? found.records }), found.looked && !found.looked.complete && ` ${t("whatif.incomplete")}`),
      found.sketches.length > 0 && h("p", {}, t("whatif.sketches", { laws: found.sketches.join(", ") }))),
    h("div", { class: "grid-2" }, ["before", "after"].map((when) => h("div", { class: "card" }, bars({ rows: EFFECTS.map((effect) => ({ label: t(`shell.effect.${effect}`), value: found[when][effect], kind: effect })), label: t(`whatif.${when}`) })))),
    rules.length > 0 && table([
      { name: "rule", title: t("whatif.column.rule"), cell: (row) => [row.said, " ", h("code", { class: "id muted" }, row.rule)] },
      { name: "pack", title: t("whatif.column.law"), cell: (row) => idText(row.pack) },
      { name: "turn", title: t("whatif.column.turn"), cell: turn },
      { name: "records", title: t("whatif.column.records"), number: true },
    ], rules, { caption: t("whatif.rules") }),
    flips.length > 0 && h("section", { class: "stack" }, h("h2", {}, t("whatif.flips")), h("ul", { class: "plain flips" }, flips)),
  ];
}

/** @param {any} row */
const turn = (row) => h("span", { class: "row" }, badge(row.before), "→", badge(row.after));

/** @param {any} row */
async function flip(row) {
  const [was, now] = await Promise.all([reasons({ reasons: row.was }), reasons({ reasons: row.now })]);
  const list = (/** @type {string} */ name, /** @type {import("../lib/dom.js").Child[]} */ items) => items.length > 0 && h("div", {}, h("h3", {}, t(`whatif.${name}`)), h("ul", {}, items));
  const duties = (/** @type {string[]} */ ids) => ids.map((id) => h("li", {}, obligation(id)));
  return h("li", { class: "card stack" },
    h("p", { class: "row" }, turn(row), h("strong", {}, row.deployments.join(", ")), h("span", { class: "muted" }, t("whatif.of_records", { count: row.records }))),
    list("was_against", was), list("now_against", now), list("owed_now", duties(row.owed)), list("owed_no_more", duties(row.owed_no_more)),
    row.needs_evidence.length > 0 && h("p", {}, t("whatif.needs_evidence", { kinds: row.needs_evidence.map((/** @type {string} */ kind) => word("words", kind)).join(", ") })),
    row.examples.length > 0 && h("p", { class: "hint" }, t("whatif.examples"), " ", row.examples.map((/** @type {string} */ id) => [idText(id, `/console/decisions/${encodeURIComponent(id)}`), " "])));
}

