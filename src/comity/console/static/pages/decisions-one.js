// SPDX-License-Identifier: Apache-2.0
// One decision: what it rested on, what each place was told, what is owed and how it was met, what was tried, and its proof.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { formatList, formatNumber, t } from "../lib/i18n.js";
import { article, reasons } from "../lib/judged.js";
import { badge, copyButton, details, download, facts, failure, heading, icon, idText, table, time, waiting } from "../lib/parts.js";
import { factRows } from "../lib/supposed.js";
import { told } from "../lib/verify-drop.js";
import { fromGateway, verifyFile } from "../lib/verify/index.js";
import { obligation, places, remedy } from "../lib/words.js";
import { shownEffect, status, way } from "./decisions-list.js";

/** @param {HTMLElement} view @param {string} id @param {AbortSignal} signal @returns {Promise<string>} */
export async function one(view, id, signal) {
  mount(view, h("h1", {}, t("decisions.one.heading")), waiting());
  const found = await get(`/comity/v1/decisions/${encodeURIComponent(id)}`, {}, { signal });
  const judged = await Promise.all(found.candidates.map((/** @type {any} */ each) => candidate(each, found.decision.deployment)));
  mount(view,
    h("nav", { class: "crumbs", "aria-label": t("decisions.one.back_label") }, h("a", { href: "/console/decisions" }, t("decisions.one.back"))),
    heading(t("decisions.one.heading"), [badge(shownEffect(found.decision)), " ", time(found.decision.at)]),
    h("div", { class: "stack" },
      part("summary", summary(found.decision)),
      part("judged", h("p", { class: "hint" }, t("decisions.one.judged_about", { count: judged.length })), h("ul", { class: "plain candidates" }, judged)),
      found.decision.effect !== "allow" && (found.ways.length > 0 || found.remedies.length > 0) && part("ways", ways(found)),
      part("facts", h("p", { class: "hint" }, t("decisions.one.facts_about")), factRows(found.facts)),
      part("attempts", attempts(found.attempts, found.decision.id)),
      part("proof", proof(found))));
  return t("decisions.one.title", { id: found.decision.id });
}

/** @param {string} name @param {...import("../lib/dom.js").Child} children */
const part = (name, ...children) => h("section", { class: "card stack", "aria-labelledby": `part-${name}` }, h("h2", { id: `part-${name}` }, t(`decisions.one.${name}`)), children);

/** @param {any} row */
function summary(row) {
  return facts([
    [t("decisions.one.way"), way(row)],
    [t("decisions.one.deployment"), row.deployment ? [row.deployment, row.stand_in && h("span", { class: "hint" }, ` ${t("decisions.one.stand_in")}`)] : "–"],
    [t("decisions.one.reader"), t(`decisions.plaintext.${row.plaintext_at}`)],
    [t("decisions.one.outcome"), status(row.status)],
    [t("decisions.one.kept"), row.retention_months === null ? t("decisions.one.kept_unsaid") : t("decisions.one.kept_months", { count: row.retention_months })],
    [t("decisions.one.size"), t("decisions.one.size_most", { bytes: formatNumber(row.size_bucket) })],
    [t("decisions.one.laws"), formatList(row.packs)],
    [t("decisions.one.receipt"), [idText(row.id), " ", copyButton(row.id, t("decisions.one.receipt"))]],
    [t("decisions.one.request"), h("a", { class: "id", href: `/console/decisions?request=${encodeURIComponent(row.request)}` }, row.request)],
  ]);
}

/** @param {any} judged @param {string} chosen */
async function candidate(judged, chosen) {
  const why = await reasons(judged);
  const owed = judged.obligations;
  return h("li", {},
    h("p", { class: "row" }, badge(judged.effect), h("strong", {}, judged.deployment), judged.deployment === chosen && h("span", { class: "chip" }, t("decisions.one.chosen"))),
    why.length > 0 && h("ul", { class: "reasons" }, why),
    judged.effect !== "allow" && judged.remedies.length > 0 && h("p", { class: "hint" }, t("decisions.one.would_help", { remedies: formatList(judged.remedies.map(remedy)) })),
    owed.length > 0 && details(t("decisions.one.owed", { count: owed.length }), h("ul", { class: "plain owed" }, owed.map(met))),
    judged.citations.length > 0 && details(t("decisions.one.articles", { count: judged.citations.length }), h("ul", { class: "plain articles" }, judged.citations.map(article))),
    h("p", { class: "hint" }, t("decisions.one.digest"), " ", h("code", { class: "id" }, judged.digest)));
}

/** @param {any} owed */
function met(owed) {
  const nobody = owed.met_by === "nobody";
  return h("li", {}, icon(nobody ? "bad" : "done"), h("span", {}, obligation(owed.id), h("span", { class: "hint" }, ` ${t(`decisions.met.${owed.met_by}`)}`, owed.how && ` ${owed.how}`)));
}

/** @param {any} found */
function ways({ ways: open, remedies }) {
  const inWays = new Set(open.flatMap((/** @type {any} */ each) => each.steps));
  const rest = remedies.filter((/** @type {string} */ each) => !inWays.has(each));
  return [
    open.length > 0 && h("ul", {}, open.map((/** @type {any} */ each) => h("li", {}, t("decisions.one.way_to", { steps: formatList(each.steps.map(remedy)), place: each.deployment })))),
    rest.length > 0 && [h("p", {}, t("decisions.one.other_remedies")), h("ul", {}, rest.map((/** @type {string} */ each) => h("li", {}, remedy(each))))],
  ];
}

/** @param {any[]} rows @param {string} here */
function attempts(rows, here) {
  return table([
    { name: "at", title: t("decisions.column.at"), cell: (row) => (row.id === here ? [time(row.at), " ", h("span", { class: "chip" }, t("decisions.one.this"))] : h("a", { href: `/console/decisions/${encodeURIComponent(row.id)}` }, time(row.at))) },
    { name: "effect", title: t("decisions.column.effect"), cell: (row) => badge(shownEffect(row)) },
    { name: "deployment", title: t("decisions.column.deployment") },
    { name: "destination", title: t("decisions.one.place"), cell: (row) => places(row.destination) },
    { name: "status", title: t("decisions.column.status"), cell: (row) => status(row.status) },
    { name: "asked", title: t("decisions.one.tokens_in"), number: true, cell: (row) => amount(row.outcome?.prompt_tokens) },
    { name: "answered", title: t("decisions.one.tokens_out"), number: true, cell: (row) => amount(row.outcome?.completion_tokens) },
  ], rows, { caption: t("decisions.one.attempts"), hidden: true });
}

/** @param {number | null | undefined} tokens */
const amount = (tokens) => (typeof tokens === "number" ? formatNumber(tokens) : "–");

/** The bundle is fetched when it is wanted, and checked here. @param {any} found */
function proof({ links, decision }) {
  const shown = h("div", { class: "verify-result", role: "status" });
  const bundle = () => get(links.bundle);
  const check = async () => {
    mount(shown, waiting(t("verify.working")));
    try {
      const [held, log] = await Promise.all([bundle(), get("/comity/v1/log")]);
      mount(shown, ...told(await verifyFile(new Blob([JSON.stringify(held)]), fromGateway(log)), t));
    } catch (error) {
      mount(shown, failure(error));
    }
  };
  const save = async () => {
    try {
      download(`receipt-${decision.id}.json`, JSON.stringify(await bundle()), "application/json");
    } catch (error) {
      mount(shown, failure(error));
    }
  };
  return [
    h("p", {}, t("decisions.one.proof_about")),
    h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: check }, t("decisions.one.check")), h("button", { type: "button", class: "quiet", onclick: save }, t("decisions.one.save"))),
    shown,
  ];
}
