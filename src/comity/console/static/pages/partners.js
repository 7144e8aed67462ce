// SPDX-License-Identifier: Apache-2.0
// The partners: where each processes, stores and is read from, on what evidence and for how long, and what goes dark without one.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { formatDate, formatList, formatNumber, t } from "../lib/i18n.js";
import { details, facts, heading, notice, table, tabs, time, waiting } from "../lib/parts.js";
import { place, word } from "../lib/words.js";
import { health, region } from "./now.js";
import { resilience } from "./partners-resilience.js";

const WARNED_DAYS = 60;
const DAY_MS = 86_400_000;

export default {
  id: "partners",
  path: "/console/partners",
  roles: ["viewer", "engineer", "officer"],
  style: true,
  words: ["now"],

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    mount(view, heading(t("partners.heading"), t("partners.lead")), waiting());
    const { data } = await get("/comity/v1/deployments", {}, { signal });
    const views = [
      { id: "places", label: t("partners.places"), render: () => data.length > 0 ? h("ul", { class: "plain" }, data.map(deployment)) : notice("info", t("partners.none")) },
      { id: "evidence", label: t("partners.evidence"), render: () => evidence(data) },
      { id: "without", label: t("partners.without"), render: () => resilience(signal) },
    ];
    const chosen = params.query.get("view") ?? "places";
    mount(view, heading(t("partners.heading"), t("partners.lead")), tabs(views, t("partners.heading"), views.some(({ id }) => id === chosen) ? chosen : "places"));
  },
};

/** @param {any} row */
function deployment(row) {
  return h("li", { class: "card stack" },
    h("div", { class: "row" }, h("h2", {}, row.id), row.stand_in && h("span", { class: "chip" }, t("partners.stand_in")), h("span", { class: "end" }, health(row.health))),
    h("div", { class: "grid-3" }, ["processing", "storage", "access"].map((fact) => h("div", { class: "place" },
      h("span", { class: "muted small" }, t(`shell.fact.${fact}`)), h("strong", {}, region(row.kind === "on_device" ? ["device"] : row[fact]))))),
    facts([
      [t("partners.partner"), [row.partner || t("partners.own"), " ", row.covered_person && h("span", { class: "chip" }, t("shell.fact.covered_person"))]],
      [t("partners.operator"), row.operator_region ? place(row.operator_region) : t("shell.fact.unsaid")],
      ...["region", "scope"].filter((each) => row[each]).map((each) => /** @type {[string, any]} */ ([t(`partners.${each}`), [h("code", { class: "id" }, row[each]), h("span", { class: "hint" }, ` ${t(`partners.${each}_about`)}`)]])),
      [t("partners.model"), row.model],
      [t("partners.does"), formatList([...row.operations, ...row.inputs])],
      [t("partners.egress"), h("code", { class: "id" }, row.egress)],
      [t("partners.reads"), t(`partners.plaintext.${row.plaintext_at}`)],
      [t("partners.price"), row.prices.length > 0 ? row.prices.map(price) : t("partners.no_price")],
    ]),
    row.sources.length > 0 && details(t("partners.sources", { count: row.sources.length }), h("ul", { class: "plain" }, row.sources.map(source))));
}

/** @param {any} each */
const price = (each) => h("span", { class: "block" }, t("partners.per_million", { input: money(each.input, each.currency), output: money(each.output, each.currency) }));

/** @param {number} amount @param {string} currency */
const money = (amount, currency) => formatNumber(amount, { style: "currency", currency, maximumFractionDigits: 4 });

/** @param {any} said */
const source = (said) => h("li", {}, h("strong", {}, t(`partners.of.${said.of}`)), " ", said.says, h("p", { class: "hint" }, h("a", { href: said.url, target: "_blank", rel: "noreferrer noopener" }, said.url), " · ", t("partners.read_on", { day: formatDate(said.read) })));

/** Each piece once, what ends first at the top. @param {any[]} deployments */
function evidence(deployments) {
  const all = new Map();
  for (const { id, evidence: pieces } of deployments) for (const piece of pieces) {
    const key = JSON.stringify([piece.kind, piece.scope, piece.valid_from, piece.valid_to, piece.number]);
    all.set(key, { ...piece, places: [...(all.get(key)?.places ?? []), id] });
  }
  const rows = [...all.values()].sort((one, other) => (one.valid_to ?? "9999").localeCompare(other.valid_to ?? "9999") || one.kind.localeCompare(other.kind));
  const soon = rows.filter((row) => row.state === "valid" && row.valid_to && days(row.valid_to) <= WARNED_DAYS);
  const over = rows.filter((row) => row.state === "expired");
  return h("div", { class: "stack" },
    over.length > 0 && notice("bad", t("partners.expired", { count: over.length })),
    soon.length > 0 && notice("warn", t("partners.ends_soon", { count: soon.length, days: WARNED_DAYS })),
    table([
      { name: "kind", title: t("partners.column.kind"), cell: (row) => [named(row.kind), h("code", { class: "id block muted" }, row.kind)] },
      { name: "places", title: t("partners.column.places"), cell: (row) => row.scope === "*" ? t("partners.all") : formatList(row.places) },
      { name: "state", title: t("partners.column.state"), cell: (row) => [h("span", { class: `state ${row.state === "expired" ? "bad" : row.state !== "valid" || soon.includes(row) ? "warn" : "good"}` }, t(`partners.state.${row.state.replace(" ", "_")}`)), row.state === "not yet" && row.valid_from && h("span", { class: "hint block" }, t("partners.begins", { day: formatDate(row.valid_from) }))] },
      { name: "valid_to", title: t("partners.column.until"), cell: (row) => row.valid_to ? [time(row.valid_to), row.state === "valid" && h("span", { class: "hint" }, ` ${t("partners.days", { count: days(row.valid_to) })}`)] : h("span", { class: "muted" }, t("partners.no_end")) },
      { name: "from", title: t("partners.column.from"), cell: (row) => [row.from === "register" ? t("partners.register", { number: row.number }) : t("partners.configuration"), row.issuer && h("span", { class: "hint block" }, t("partners.issued_by", { name: row.issuer }))] },
      { name: "check", title: t("partners.column.check"), cell: (row) => [h("span", { class: row.check === "unchecked" ? "state warn" : "state good" }, t(`partners.check.${row.check}`)), row.checked && h("span", { class: "hint block" }, row.checked), !row.counts && h("span", { class: "hint block" }, t("partners.uncounted"))] },
    ], rows, { caption: t("partners.evidence"), hidden: true, empty: t("partners.no_evidence") }),
    h("p", { class: "hint" }, t("partners.evidence_about")));
}

/** A kind of evidence: a word of the vocabulary, or an obligation that it meets. @param {string} kind */
const named = (kind) => (word("obligations", kind) !== kind.replaceAll("_", " ") ? word("obligations", kind) : word("words", kind));

/** @param {string} day */
const days = (day) => Math.ceil((Date.parse(day) + DAY_MS - Date.now()) / DAY_MS);
