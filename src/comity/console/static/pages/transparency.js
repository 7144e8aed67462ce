// SPDX-License-Identifier: Apache-2.0
// For anybody: what crossed which border on days that are over, in numbers that tell nothing of one person, and the published log.

import { get } from "../lib/api.js";
import { sankey } from "../lib/charts.js";
import { h, mount } from "../lib/dom.js";
import { formatDate, t } from "../lib/i18n.js";
import { copyButton, details, facts, heading, idText, notice, select, table, time, waiting } from "../lib/parts.js";
import { place, places } from "../lib/words.js";

export default {
  id: "transparency",
  path: "/transparency",
  public: true,
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    mount(view, heading(t("transparency.heading"), t("transparency.lead")), waiting());
    const found = await get("/transparency/v1/numbers", {}, { signal });
    mount(view, heading(t("transparency.heading"), t("transparency.lead")),
      h("div", { class: "stack" }, days(found.days), how(found), log(found)));
  },
};

/** @param {any[]} all */
function days(all) {
  const told = all.filter((day) => day.rows.length > 0);
  if (told.length === 0) return notice("info", t("transparency.nothing"), all.some((day) => day.withheld) && h("p", {}, t("transparency.withheld")));
  const shown = h("div", { class: "stack" });
  const chosen = select([["", t("transparency.all", { count: told.length })], ...told.map((day) => /** @type {[string, string]} */ ([day.day, formatDate(day.day)]))], "", { "aria-label": t("transparency.day"), onchange: () => draw() });
  const draw = () => {
    const some = told.filter((day) => !chosen.value || day.day === chosen.value);
    const rows = merged(some.flatMap((day) => day.rows));
    mount(shown, h("div", { class: "card" }, flows(rows)),
      some.some((day) => day.withheld) && h("p", { class: "hint" }, t("transparency.withheld")),
      table([
        { name: "day", title: t("transparency.day"), cell: (row) => time(row.day) },
        { name: "source", title: t("shell.chart.from"), cell: (row) => place(row.source) },
        { name: "to", title: t("shell.chart.to"), cell: (row) => row.destination.length > 0 ? places(row.destination) : t(`shell.effect.${row.effect}`) },
        { name: "records", title: t("transparency.records"), number: true, cell: (row) => t("transparency.at_least", { count: row.records }) },
      ], some.flatMap((day) => day.rows.map((/** @type {any} */ row) => ({ ...row, day: day.day }))), { caption: t("transparency.by_day") }));
  };
  draw();
  return h("section", { class: "stack", "aria-labelledby": "numbers" }, h("div", { class: "row" }, h("h2", { id: "numbers" }, t("transparency.numbers")), h("span", { class: "end" }, chosen)), shown);
}

/** @param {any[]} rows */
function merged(rows) {
  const all = new Map();
  for (const row of rows) {
    const key = JSON.stringify([row.source, row.destination, row.effect]);
    all.set(key, { ...row, records: row.records + (all.get(key)?.records ?? 0) });
  }
  return [...all.values()];
}

/** @param {any[]} rows */
function flows(rows) {
  const to = (/** @type {any} */ row) => (row.destination.length > 0 ? row.destination.join("+") : row.effect);
  const kind = (/** @type {any} */ row) => (row.destination.includes("device") ? "device" : row.effect);
  const nodes = new Map(rows.flatMap((row) => [
    [`from ${row.source}`, { id: `from ${row.source}`, label: place(row.source) }],
    [`to ${to(row)}`, { id: `to ${to(row)}`, label: row.destination.length > 0 ? places(row.destination) : t(`shell.effect.${row.effect}`), kind: kind(row) }]]));
  return sankey({ nodes: [...nodes.values()], links: rows.map((row) => ({ source: `from ${row.source}`, target: `to ${to(row)}`, value: row.records, kind: kind(row) })), label: t("transparency.flows") });
}

/** @param {any} found */
const how = ({ cohort_min: least, each_max: most, rounded_to: step }) => h("section", { class: "card stack", "aria-labelledby": "how" }, h("h2", { id: "how" }, t("transparency.how")),
  h("ul", {}, [t("transparency.how_days"), t("transparency.how_persons", { count: least }), t("transparency.how_each", { count: most, step }), t("transparency.how_totals")].map((each) => h("li", {}, each))));

/** @param {any} found */
function log({ origin, vkey, checkpoint }) {
  return h("section", { class: "card stack", "aria-labelledby": "log" }, h("h2", { id: "log" }, t("transparency.log")), h("p", {}, t("transparency.log_about")),
    facts([[t("transparency.origin"), idText(origin)], [t("transparency.key"), [idText(vkey), " ", copyButton(vkey, t("transparency.key"))]]]),
    checkpoint ? details(t("transparency.checkpoint"), [h("pre", { tabindex: "0" }, checkpoint), copyButton(checkpoint, t("transparency.checkpoint"))]) : notice("info", t("transparency.unpublished")));
}
