// SPDX-License-Identifier: Apache-2.0
// The form of supposed facts: one row a member, its words those of the vocabulary.

import { h } from "../lib/dom.js";
import { language, locale, t } from "../lib/i18n.js";
import { details, field, select } from "../lib/parts.js";
import { word } from "../lib/words.js";

/** @typedef {[string, "region" | "regions" | "words" | "word" | "yes" | "number", string?]} Member its path in the facts, how it is said, and where its words stand */

/** @type {Member[]} */ const PERSON = [["subject.location", "region"], ["subject.residence", "region"], ["subject.age", "number"]];
/** @type {Member[]} */ const GIVEN = [["consent", "words", "consent"]];
/** @type {Member[]} */ const DATA = [["data.categories", "words", "categories"]];
/** @type {Member[]} */ const USE = [["legal_basis", "word", "legal_basis"], ["purpose", "word", "purpose"], ["feature", "word", "feature"], ["output.modality", "word", "modality"]];
/** @type {Member[]} */ const FURTHER = [
  ["data.state", "word", "state"], ["data.collected_in", "region"], ["transaction", "word", "transaction"], ["controller.established", "regions"], ["controller.sector", "word", "sector"], ["output.persona", "word", "persona"],
  ["volumes.cn_ytd_pi", "number"], ["volumes.cn_ytd_spi", "number"],
];
/** @type {Member[]} */ const SWITCHES = [
  ["data.personal", "yes"], ["data.important_data", "yes"], ["controller.us_person", "yes"], ["controller.ciio", "yes"], ["controller.gba_city", "yes"], ["controller.ca_covered_provider", "yes"], ["service.public", "yes"],
  ["output.deepfake", "yes"], ["output.unlabelled_requested", "yes"], ["decision.significant", "yes"], ["decision.solely_automated", "yes"],
];
const SUPPOSED = ["safeguards", "mechanisms", "certifications", "filings"]; // kinds of evidence that may be supposed
const NULLABLE = new Set(["subject.location", "subject.residence", "data.collected_in", "feature", "controller.sector", "output.persona"]);

/** @param {any} vocabulary @param {import("./whatif-suppose.js").Supposed} held @param {() => void} changed */
export function form(vocabulary, held, changed) {
  const set = (/** @type {string} */ path, /** @type {any} */ value) => {
    held.facts = placed(held.facts, path.split("."), value);
    changed();
  };
  const row = (/** @type {Member} */ member) => one(member, vocabulary, held.facts, set);
  const group = (/** @type {string} */ name, /** @type {Member[]} */ members, kind = "form-row") => h("fieldset", { class: "stack" }, h("legend", {}, t(`whatif.group.${name}`)), h("div", { class: kind }, members.map(row)));
  const day = h("input", { type: "date", value: held.as_of, required: true, onchange: () => {
    if (!/** @type {HTMLInputElement} */ (day).value) return;
    held.as_of = /** @type {HTMLInputElement} */ (day).value;
    changed();
  } });
  return [
    group("person", PERSON), group("given", GIVEN, ""), group("data", DATA, ""), group("use", USE),
    field(t("whatif.day"), day),
    details(t("whatif.group.further"), h("div", { class: "stack" }, h("div", { class: "form-row" }, FURTHER.map(row)), h("div", { class: "checks" }, SWITCHES.map(row)))),
    details(t("whatif.group.evidence"), evidence(vocabulary, held, changed)),
    details(t("whatif.group.place"), place(vocabulary, held, changed), held.place.region !== ""),
  ];
}

/** @param {Member} member @param {any} vocabulary @param {any} facts @param {(path: string, value: any) => void} set */
function one([path, how, words = ""], vocabulary, facts, set) {
  const value = path.split(".").reduce((at, name) => at?.[name], facts);
  const label = t(`shell.fact.${path.split(".").at(-1)}`);
  if (how === "yes") return check(label, value, (said) => set(path, said));
  if (how === "words") return choices(vocabulary.words[words], value, (said) => set(path, said));
  if (how === "number") {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "number", min: 0, max: path.endsWith("age") ? 150 : null, step: 1, inputmode: "numeric", value: value ?? "", onchange: () => input.reportValidity() && set(path, input.value === "" ? (path.endsWith("age") ? null : 0) : Number(input.value)) }));
    return field(label, input);
  }
  const options = how === "word" ? vocabulary.words[words] : vocabulary.regions;
  const chosen = Array.isArray(value) ? value[0] ?? "" : value ?? "";
  const input = select([...(NULLABLE.has(path) ? [["", t("shell.fact.unsaid")]] : []), ...named(options)], chosen, { onchange: () => set(path, how === "regions" ? [input.value] : input.value || null) });
  return field(label, input);
}

/** @param {Array<{id: string, en: string, zh: string}>} words @returns {Array<[string, string]>} */
const named = (words) => words.map((each) => /** @type {[string, string]} */ ([each.id, each[language()]])).sort((one, other) => one[1].localeCompare(other[1], locale()));

/** @param {string} label @param {boolean} on @param {(said: boolean) => void} set */
const check = (label, on, set) => h("label", { class: "check" }, h("input", { type: "checkbox", checked: on, onchange: (/** @type {any} */ event) => set(event.target.checked) }), h("span", {}, label));

/** @param {Array<{id: string, en: string, zh: string}>} words @param {string[]} chosen @param {(said: string[]) => void} set */
function choices(words, chosen, set) {
  const on = new Set(chosen);
  return h("div", { class: "checks" }, named(words).map(([id, name]) => check(name, on.has(id), (said) => {
    if (said) on.add(id);
    else on.delete(id);
    set([...on].sort());
  })));
}

/** @param {any} vocabulary @param {import("./whatif-suppose.js").Supposed} held @param {() => void} changed */
function evidence(vocabulary, held, changed) {
  const words = SUPPOSED.flatMap((kind) => vocabulary.words[kind] ?? []);
  return [h("p", { class: "hint" }, t("whatif.evidence_about")), choices(words, held.evidence, (said) => {
    held.evidence = said;
    changed();
  })];
}

/** @param {any} vocabulary @param {import("./whatif-suppose.js").Supposed} held @param {() => void} changed */
function place(vocabulary, held, changed) {
  const set = (/** @type {"region" | "kind"} */ member) => (/** @type {any} */ event) => {
    held.place = { ...held.place, [member]: event.target.value };
    changed();
  };
  return h("div", { class: "stack" }, h("p", { class: "hint" }, t("whatif.place_about")),
    h("div", { class: "form-row" },
      field(t("whatif.place_region"), select([["", t("whatif.no_place")], ...named(vocabulary.regions)], held.place.region, { onchange: set("region") })),
      field(t("shell.fact.kind"), select(vocabulary.words.kind.map((/** @type {any} */ each) => [each.id, word("words", each.id)]), held.place.kind, { onchange: set("kind") }))),
    choices(vocabulary.words.filings, held.place.filings, (said) => {
      held.place = { ...held.place, filings: said };
      changed();
    }));
}

/** @param {any} facts @param {string[]} path @param {any} value @returns {any} */
function placed(facts, [name, ...rest], value) {
  return { ...facts, [name]: rest.length > 0 ? placed(facts[name] ?? {}, rest, value) : value };
}
