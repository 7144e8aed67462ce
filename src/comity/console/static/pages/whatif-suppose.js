// SPDX-License-Identifier: Apache-2.0
// Supposed facts in a form; each change is judged at once, for every place, and held against what was held fast before.

import { post } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { article, reasons } from "../lib/judged.js";
import { badge, copyButton, details, failure, notice, waiting } from "../lib/parts.js";
import { obligation, packName, remedy } from "../lib/words.js";
import { form } from "./whatif-form.js";

/** @typedef {{facts: Record<string, any>, as_of: string, evidence: string[], place: {region: string, kind: string, filings: string[]}}} Supposed */

/** @type {Supposed | null} */ let held = null; // while the console is open
/** @type {Map<string, string> | null} */ let baseline = null; // the effect of each place, as it was held fast

/** @param {any} vocabulary @param {AbortSignal} signal */
export function suppose(vocabulary, signal) {
  const shown = h("div", { class: "stack", "aria-busy": "true" }, waiting());
  const spoken = h("p", { class: "sr", role: "status" });
  const box = h("form", { class: "card stack", "aria-label": t("whatif.form"), onsubmit: (/** @type {Event} */ event) => event.preventDefault() });
  let asking = new AbortController();
  const judge = async () => {
    asking.abort();
    asking = new AbortController();
    const mine = asking;
    signal.addEventListener("abort", () => mine.abort(), { signal: mine.signal });
    shown.setAttribute("aria-busy", "true");
    try {
      const asked = body(/** @type {Supposed} */ (held));
      const found = await post("/comity/v1/whatif", asked, { signal: mine.signal });
      const draw = async () => {
        const judged = await result(found, asked, async () => {
          await draw();
          /** @type {HTMLElement | null} */ (shown.querySelector("button"))?.focus();
        });
        if (mine.signal.aborted) return;
        mount(shown, judged);
        mount(spoken, t(`whatif.effect.${found.effect}`));
      };
      await draw();
    } catch (error) {
      if (!mine.signal.aborted) mount(shown, failure(error));
    }
    if (!mine.signal.aborted) shown.setAttribute("aria-busy", "false");
  };
  const begin = async () => {
    try {
      const configured = await post("/comity/v1/whatif", {}, { signal });
      held ??= { facts: configured.facts, as_of: configured.as_of, evidence: [], place: { region: "", kind: "cloud", filings: [] } };
      const reset = () => {
        held = { facts: configured.facts, as_of: configured.as_of, evidence: [], place: { region: "", kind: "cloud", filings: [] } };
        baseline = null;
        draw();
        void judge();
      };
      const draw = () => mount(box, form(vocabulary, /** @type {Supposed} */ (held), judge),
        h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: reset }, t("whatif.reset"))));
      draw();
      await judge();
    } catch (error) {
      if (signal.aborted) return;
      mount(shown, failure(error));
      shown.setAttribute("aria-busy", "false");
    }
  };
  void begin();
  return h("div", { class: "suppose" }, box, h("section", { class: "stack", "aria-labelledby": "whatif-result" }, h("h2", { id: "whatif-result" }, t("whatif.result")), spoken, shown));
}

/** @param {Supposed} supposed */
function body({ facts, as_of: asOf, evidence, place }) {
  const places = place.region ? [{ id: "supposed", kind: place.kind, processing: [place.region], storage: [place.region], access: [place.region], operator_region: place.region, filings: place.filings }] : [];
  return { facts: shared(facts), as_of: asOf, ...(evidence.length > 0 && { evidence: { "*": evidence } }), ...(places.length > 0 && { places }) };
}

const OWN = new Set(["as_of", "providers", "consent_source"]); // of an answer's facts: what the gateway fills in itself

/** What is the same for all places, as it may be supposed. @param {Record<string, any>} facts */
const shared = (facts) => Object.fromEntries(Object.entries(facts).filter(([member]) => !OWN.has(member)));

/** @param {any} found @param {any} asked @param {() => void} redraw */
async function result(found, asked, redraw) {
  const was = baseline ?? new Map();
  const judged = await Promise.all(found.candidates.map((/** @type {any} */ each) => candidate(each, was.get(each.deployment))));
  const keep = () => {
    baseline = new Map(found.candidates.map((/** @type {any} */ each) => [each.deployment, each.effect]));
    redraw();
  };
  const drop = () => {
    baseline = null;
    redraw();
  };
  const changed = found.candidates.filter((/** @type {any} */ each) => was.has(each.deployment) && was.get(each.deployment) !== each.effect).length;
  return [
    h("p", { class: "row" }, badge(found.effect), h("span", {}, t(`whatif.effect.${found.effect}`))),
    baseline ? notice(changed > 0 ? "warn" : "info", changed > 0 ? t("whatif.changed", { count: changed }) : t("whatif.unchanged"),
      h("div", { class: "row" }, h("button", { type: "button", class: "small quiet", onclick: keep }, t("whatif.hold_this")), h("button", { type: "button", class: "small quiet", onclick: drop }, t("whatif.let_go"))))
      : h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: keep }, t("whatif.hold")), h("span", { class: "hint" }, t("whatif.hold_about"))),
    h("ul", { class: "plain candidates card" }, judged),
    found.ways.length > 0 && h("div", { class: "card stack" }, h("h3", {}, t("whatif.ways")), h("ul", {}, found.ways.map((/** @type {any} */ way) => h("li", {}, t("whatif.way", { steps: way.steps.map(remedy).join(t("whatif.and")), place: way.deployment }))))),
    program(found, asked),
  ];
}

/** @param {any} judged @param {string | undefined} was */
async function candidate(judged, was) {
  const why = judged.effect === "allow" ? [] : await reasons(judged);
  const name = judged.deployment === "supposed" ? t("whatif.supposed_place") : judged.deployment;
  return h("li", {},
    h("p", { class: "row" }, badge(judged.effect), h("strong", {}, name), was !== undefined && was !== judged.effect && h("span", { class: "chip" }, t("whatif.was", { effect: t(`shell.effect.${was}`) }))),
    why.length > 0 && h("ul", { class: "reasons" }, why),
    judged.effect !== "allow" && judged.remedies.length > 0 && h("p", { class: "hint" }, t("whatif.remedies", { remedies: judged.remedies.map(remedy).join(t("whatif.and")) })),
    judged.obligations.length > 0 && details(t("whatif.owed", { count: judged.obligations.length }), h("ul", {}, judged.obligations.map((/** @type {any} */ owed) =>
      h("li", {}, obligation(owed.id), owed.met_by === "nobody" && h("strong", {}, ` ${t("whatif.unmet")}`))))),
    judged.citations.length > 0 && details(t("whatif.articles", { count: judged.citations.length }), h("ul", { class: "plain articles" }, judged.citations.map(article))));
}

/** The same by a program. @param {any} found @param {any} asked */
function program(found, asked) {
  const text = JSON.stringify(asked, null, 2);
  return details(t("whatif.program"), [h("pre", { tabindex: "0" }, h("code", {}, `POST /comity/v1/whatif\n${text}`)), copyButton(text, t("whatif.program")),
    h("p", { class: "hint" }, t("whatif.laws", { laws: found.packs.map((/** @type {string} */ named) => packName({ id: named.split("@")[0], name: named })).join(", ") }))]);
}
