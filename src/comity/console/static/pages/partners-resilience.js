// SPDX-License-Identifier: Apache-2.0
// Who may answer whom, what goes dark without a partner, a region or a legal entity, and a drill of it in the lab.

import { get, post } from "../lib/api.js";
import { bars } from "../lib/charts.js";
import { h, mount } from "../lib/dom.js";
import { formatList, formatNumber, formatPercent, has, t } from "../lib/i18n.js";
import { details, failure, field, notice, select, table, waiting } from "../lib/parts.js";
import { place, word } from "../lib/words.js";
import { signedIn } from "../session.js";

const ASKED_MS = 2_000; // how often a drill is asked after
const DRILLS = new Set(["engineer", "admin"]);

/** @param {AbortSignal} signal */
export function resilience(signal) {
  const shown = h("div", { class: "stack" }, waiting(t("partners.surveying")));
  get("/comity/v1/resilience", {}, { signal }).then((found) => mount(shown, report(found, signal)), (error) => {
    if (!signal.aborted) mount(shown, failure(error));
  });
  return shown;
}

/** @param {any} found @param {AbortSignal} signal */
function report(found, signal) {
  const dark = found.losses.filter((/** @type {any} */ loss) => loss.kind !== "deployment");
  const ending = found.warnings.filter((/** @type {any} */ warning) => warning.code === "evidence-ends");
  return [
    h("p", { class: "lead" }, t("partners.without_about")),
    ...ending.map((/** @type {any} */ warning) => notice("warn", warning.text)),
    table([
      { name: "name", title: t("partners.loss.name"), cell: (row) => [gone(row), h("span", { class: "hint block" }, t(`partners.loss.kind.${row.kind}`))] },
      { name: "deployments", title: t("partners.loss.deployments"), cell: (row) => formatList(row.deployments) },
      { name: "dark", title: t("partners.loss.dark"), cell: (row) => darkness(row.dark) },
    ], dark, { caption: t("partners.loss.caption") }),
    concentration(found.concentration),
    lawful(found),
    drill(found.losses, signal),
  ];
}

/** What is taken away: a region by its name. @param {any} loss */
const gone = (loss) => (loss.kind === "region" ? place(loss.name) : loss.name);

/** @param {any[]} questions */
function darkness(questions) {
  if (questions.length === 0) return h("span", { class: "state good" }, t("partners.loss.nothing"));
  const by = Map.groupBy(questions, (/** @type {any} */ question) => question.jurisdiction);
  return details(h("span", { class: "state bad" }, t("partners.loss.some", { count: questions.length, places: formatList([...by.keys()].map(place)) })),
    h("ul", {}, [...by].map(([jurisdiction, list]) => h("li", {}, h("strong", {}, place(jurisdiction)), " ", formatList(list.map((each) => t("partners.question", { task: word("words", each.task), person: t(`partners.person.${each.person}`) })))))));
}

/** @param {any[]} rows */
function concentration(rows) {
  const answered = rows.filter((row) => row.answered > 0);
  return h("section", { class: "card stack" }, h("h2", {}, t("partners.concentration")), h("p", { class: "hint" }, t("partners.concentration_about")),
    bars({ rows: answered.map((row) => ({ label: `${row.jurisdiction === "*" ? t("partners.everywhere") : place(row.jurisdiction)}: ${formatList(row.shares.map((/** @type {any} */ share) => `${share.partner} ${formatPercent(share.share)}`))}`, value: row.index })),
      label: t("partners.index"), unit: t("partners.index"), format: (value) => formatNumber(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }) }));
}

/** For one jurisdiction: each task, and who may answer. @param {any} found */
function lawful(found) {
  const jurisdictions = [...new Set(found.cells.map((/** @type {any} */ cell) => cell.jurisdiction))];
  const open = jurisdictions.filter((each) => found.cells.some((/** @type {any} */ cell) => cell.jurisdiction === each && cell.lawful.length > 0));
  const chosen = select(jurisdictions.map((each) => /** @type {[string, string]} */ ([each, place(each)])), open[0] ?? jurisdictions[0] ?? "", { onchange: () => draw() });
  const shown = h("div", {});
  const draw = () => {
    const cells = found.cells.filter((/** @type {any} */ cell) => cell.jurisdiction === chosen.value);
    const rows = [...Map.groupBy(cells, (/** @type {any} */ cell) => `${cell.task} ${cell.operation}`).values()];
    mount(shown, table([
      { name: "task", title: t("partners.lawful.task"), cell: (row) => word("words", row[0].task) },
      ...found.persons.map((/** @type {any} */ person) => ({ name: person.name, title: t(`partners.person.${person.name}`), cell: (/** @type {any} */ row) => answers(row.find((/** @type {any} */ cell) => cell.person === person.name)) })),
    ], rows, { caption: t("partners.lawful.caption", { place: place(chosen.value) }), hidden: true }));
  };
  if (jurisdictions.length > 0) draw();
  return h("section", { class: "card stack" }, h("h2", {}, t("partners.lawful.heading")), h("p", { class: "hint" }, t("partners.lawful.about")), field(t("partners.lawful.of"), chosen), shown);
}

/** @param {any} cell */
const answers = (cell) => cell?.lawful.length > 0 ? cell.lawful.join(" → ") : h("span", { class: "muted" }, t("partners.lawful.nobody"));

/** @param {any[]} losses @param {AbortSignal} signal */
function drill(losses, signal) {
  if (!DRILLS.has(signedIn()?.role ?? "")) return null;
  const chosen = select(losses.map((loss) => /** @type {[string, string]} */ ([loss.name, `${gone(loss)} · ${t(`partners.loss.kind.${loss.kind}`)}`])), losses[0]?.name ?? "");
  const shown = h("div", { role: "status" });
  const button = /** @type {HTMLButtonElement} */ (h("button", { class: "primary" }, t("partners.drill.run")));
  const run = async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    mount(shown, waiting(t("partners.drill.running", { name: chosen.value })));
    try {
      let { id, state } = await post("/comity/v1/drills", { partner: chosen.value }, { signal });
      let told;
      do {
        await pause(signal);
        told = await get(`/comity/v1/drills/${encodeURIComponent(id)}`, {}, { signal });
        state = told.state;
      } while (state === "running");
      mount(shown, outcome(told));
    } catch (error) {
      if (!signal.aborted) mount(shown, failure(error));
    } finally {
      button.disabled = false;
    }
  };
  return h("section", { class: "card stack" }, h("h2", {}, t("partners.drill.heading")), h("p", { class: "hint" }, t("partners.drill.about")),
    h("form", { class: "stack", onsubmit: run }, field(t("partners.drill.of"), chosen), h("div", { class: "row" }, button)), shown);
}

/** @param {AbortSignal} signal */
const pause = (signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ASKED_MS);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  }, { once: true });
});

/** @param {any} told */
function outcome({ state, outcome: found, failed }) {
  if (state !== "over") return notice("bad", t("partners.drill.failed"), h("p", {}, failed));
  const rounds = found.rows[0]?.answers.map((/** @type {any} */ each) => each.round) ?? [];
  return h("div", { class: "stack" },
    notice(found.holds ? "good" : "bad", t(found.holds ? "partners.drill.holds" : "partners.drill.differs"), h("p", {}, t("partners.drill.gone", { names: formatList(found.gone) })),
      found.left_out.length > 0 && h("p", {}, t("partners.drill.left_out", { names: formatList(found.left_out) }))),
    table([
      { name: "question", title: t("partners.drill.question"), cell: (row) => `${place(row.jurisdiction)} · ${t(`partners.person.${row.person}`)} · ${word("words", row.task)}` },
      ...rounds.map((/** @type {string} */ round, /** @type {number} */ at) => ({ name: round, title: has(`partners.drill.round.${round}`) ? t(`partners.drill.round.${round}`) : round, cell: (/** @type {any} */ row) => row.answers[at].by || t("partners.drill.refused", { status: row.answers[at].status }) })),
      { name: "holds", title: t("partners.drill.as_said"), cell: (row) => h("span", { class: `state ${row.holds ? "good" : "bad"}` }, t(row.holds ? "shell.fact.yes" : "shell.fact.no")) },
    ], found.rows, { caption: t("partners.drill.heading"), hidden: true }));
}
