// SPDX-License-Identifier: Apache-2.0
// The laws that are held: what each says and rests on, what comes next, how two differ, and guidelines for people.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { has, language, locale, t } from "../lib/i18n.js";
import { article } from "../lib/judged.js";
import { details, failure, field, heading, notice, select, table, tabs, time, waiting } from "../lib/parts.js";
import { navigate, note } from "../lib/router.js";
import { obligation, packName, tabled, word } from "../lib/words.js";
import { written } from "./law-document.js";
import { one } from "./law-one.js";

const PATH = "/console/law";

export default {
  id: "law",
  path: [PATH, `${PATH}/:id`],
  roles: ["viewer", "engineer", "officer"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    const day = params.query.get("as_of") ?? "";
    if (params.id) return one(view, params.id, day, signal);
    mount(view, heading(t("law.heading"), t("law.lead")), waiting());
    const { as_of: asOf, data } = await get("/comity/v1/packs", { as_of: day }, { signal });
    const chosen = params.query.get("view") ?? "held";
    const views = [
      { id: "held", label: t("law.held"), render: () => held(data, day) },
      { id: "coming", label: t("law.coming"), render: () => later(() => coming(asOf, signal)) },
      { id: "compare", label: t("law.compare"), render: () => compare(data, new URLSearchParams(location.search), day, signal) },
      { id: "guidelines", label: t("law.guidelines"), render: () => guidelines(data, new URLSearchParams(location.search), day, signal) },
    ];
    mount(view, heading(t("law.heading"), t("law.lead"), dayForm(day, asOf)),
      tabs(views, t("law.heading"), views.some(({ id }) => id === chosen) ? chosen : "held", (view) => note({ view })));
  },
};

/** Of which day. @param {string} day @param {string} asOf */
export function dayForm(day, asOf) {
  const input = h("input", { type: "date", value: day || asOf, required: true });
  return h("form", { class: "row day", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    const query = new URLSearchParams(location.search);
    query.set("as_of", /** @type {HTMLInputElement} */ (input).value);
    void navigate(`${location.pathname}?${query}`);
  } }, field(t("law.day"), input), h("button", { class: "quiet" }, t("law.day_show")));
}

/** @param {() => Promise<import("../lib/dom.js").Child>} work */
function later(work) {
  const shown = h("div", { class: "stack" }, waiting());
  work().then((made) => mount(shown, made), (error) => {
    if (error?.name !== "AbortError") mount(shown, failure(error));
  });
  return shown;
}

/** @param {string} id @param {string} day */
const lawPath = (id, day) => `${PATH}/${encodeURIComponent(id)}${day ? `?${new URLSearchParams({ as_of: day })}` : ""}`;

/** @param {any[]} packs @param {string} day */
function held(packs, day) {
  const order = ["tenant", "deep", "sketch"];
  const sorted = [...packs].sort((one, other) => order.indexOf(one.depth) - order.indexOf(other.depth) || packName(one).localeCompare(packName(other), locale()));
  return h("div", { class: "stack laws" },
    notice("info", t("law.no_advice")),
    table([
      { name: "name", title: t("law.column.name"), cell: (row) => h("a", { href: lawPath(row.id, day) }, packName(row)) },
      { name: "depth", title: t("law.column.depth"), cell: (row) => t(`law.depth.${row.depth}`) },
      { name: "rules", title: t("law.column.rules"), number: true },
      { name: "facts", title: t("law.column.facts"), number: true },
      { name: "read", title: t("law.column.read"), number: true, cell: (row) => t("law.share", { some: read(row), all: row.facts }) },
      { name: "verified_through", title: t("law.column.verified"), cell: (row) => time(row.verified_through) },
      { name: "horizon", title: t("law.column.horizon"), cell: (row) => time(row.horizon) },
      { name: "reviewed_by", title: t("law.column.reviewed"), cell: (row) => row.reviewed_by.length > 0 ? row.reviewed_by.join(", ") : h("span", { class: "muted" }, t("law.nobody")) },
    ], sorted, { caption: t("law.held"), hidden: true }));
}

/** Articles that somebody read in a text of the law itself. @param {any} pack */
const read = (pack) => (pack.confidence.verified_primary ?? 0) + (pack.confidence.verified_official ?? 0) + (pack.confidence.verified_primary_number_inferred ?? 0);

/** Each law as it stands once it has changed. @param {string} asOf @param {AbortSignal} signal */
async function coming(asOf, signal) {
  const { data } = await get("/comity/v1/timeline", { after: asOf }, { signal });
  if (data.length === 0) return notice("info", t("law.nothing_coming"));
  const days = Map.groupBy(data, (/** @type {any} */ row) => row.on);
  return h("ol", { class: "timeline" }, [...days].map(([day, rows]) => h("li", {},
    h("h2", {}, time(day)),
    h("ul", { class: "plain" }, rows.map((/** @type {any} */ row) => h("li", { class: "card" },
      h("p", { class: "row" }, h("span", { class: "chip" }, t(`law.what.${row.what.replace(" ", "_")}`)), h("a", { href: lawPath(row.pack, row.on) }, packName({ id: row.pack, name: row.name })), h("code", { class: "id muted" }, row.id)),
      h("p", {}, changeText(row)),
      row.citations.length > 0 && details(t("law.articles", { count: row.citations.length }), h("ul", { class: "plain articles" }, row.citations.map(article)))))))));
}

/** What changes, in words; of a rule that only owes something, what is owed. @param {any} row */
export function changeText(row) {
  if (row.what === "horizon") return t("law.horizon_text");
  return (language() === "zh" && row.text_zh) || (/^\S+$/.test(row.text) ? obligation(row.text) : row.text);
}

/** @param {any[]} packs @param {URLSearchParams} query @param {string} day @param {AbortSignal} signal */
function compare(packs, query, day, signal) {
  const options = packs.map((pack) => /** @type {[string, string]} */ ([pack.id, packName(pack)])).sort((one, other) => one[1].localeCompare(other[1], locale()));
  const chosen = [query.get("a") ?? "cn", query.get("b") ?? "eea"].map((id, at) => (options.some(([known]) => known === id) ? id : options[Math.min(at, options.length - 1)]?.[0] ?? ""));
  const [a, b] = chosen.map((id) => select(options, id));
  const shown = h("div", { class: "stack" });
  const show = () => mount(shown, later(() => differences(a.value, b.value, day, signal)));
  show();
  return h("div", { class: "stack" },
    h("div", { class: "grid-3" }, field(t("law.one"), a), field(t("law.other"), b), h("div", { class: "field end" }, h("button", { type: "button", class: "primary", onclick: () => {
      note({ a: a.value, b: b.value });
      show();
    } }, t("law.compare_show")))),
    shown);
}

/** @param {string} a @param {string} b @param {string} day @param {AbortSignal} signal */
async function differences(a, b, day, signal) {
  const found = await get("/comity/v1/packs/compare", { a, b, as_of: day }, { signal });
  const topics = Object.entries(found.topics).filter(([, rows]) => rows.length > 0);
  if (topics.length === 0) return notice("info", t("law.same"));
  return topics.map(([topic, rows]) => h("section", { class: "stack compared" }, h("h2", {}, t(`law.topic.${topic}`)),
    table([
      { name: "about", title: t(`law.about.${topic}`), cell: (row) => about(topic, row.about) },
      { name: "a", title: packName(found.a), cell: (row) => holdings(topic, found.a.id, row.a) },
      { name: "b", title: packName(found.b), cell: (row) => holdings(topic, found.b.id, row.b) },
    ], rows, { caption: t(`law.topic.${topic}`), hidden: true })));
}

/** @param {string} topic @param {{id: string, en: string, zh: string}} named */
function about(topic, named) {
  const [said, region, fact] = [named[language()], word("regions", named.id), `shell.fact.${named.id.split(".").at(-1)}`];
  if (said !== named.id.replaceAll("_", " ")) return said;
  return region !== said ? region : has(fact) ? t(fact) : word("words", named.id);
}

/** @param {string} topic @param {string} pack @param {any[]} list */
function holdings(topic, pack, list) {
  if (list.length === 0) return h("span", { class: "muted" }, t("law.has_nothing"));
  return h("ul", { class: "plain" }, list.map((each) => h("li", {},
    (language() === "zh" && each.text_zh) || each.text || (topic === "tables" ? tabled(pack, each.value, "…") : ""), " ",
    (each.text || topic === "tables") && h("code", { class: "id rule muted" }, each.value))));
}

/** @param {any[]} packs @param {URLSearchParams} query @param {string} day @param {AbortSignal} signal */
function guidelines(packs, query, day, signal) {
  const deep = packs.filter((pack) => pack.depth !== "sketch");
  const law = select(deep.map((pack) => /** @type {[string, string]} */ ([pack.id, packName(pack)])), query.get("law") ?? deep[0]?.id ?? "");
  const shown = h("div", { class: "stack" });
  const show = () => mount(shown, later(async () => {
    const found = await get("/comity/v1/guidelines", { law: law.value, language: language(), as_of: day }, { signal });
    return written(found.document);
  }));
  law.addEventListener("change", () => {
    note({ law: law.value });
    show();
  });
  show();
  return h("div", { class: "stack" }, h("div", { class: "grid-3" }, field(t("law.guidelines_of"), law),
    h("div", { class: "field end" }, h("button", { type: "button", class: "quiet", onclick: () => print() }, t("law.print")))), shown);
}

