// SPDX-License-Identifier: Apache-2.0
// The founding case: what it is, a run of it as it is told, and each of its acts to step through.

import { get, post } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { failure, heading, notice, time, waiting } from "../lib/parts.js";
import { navigate } from "../lib/router.js";
import { signedIn } from "../session.js";
import { drawing } from "./case-drawing.js";
import { claimed, counted, inWords, item, promises, sum, titled, told } from "./case-told.js";

/** @typedef {import("./case-told.js").Run} Run */
/** @typedef {import("./case-told.js").Act} Act */

const RUNS = "/comity/v1/cases";
const HOME = "/console/case";
const LAST = "claims"; // the page after the last act
const ASKED_MS = 1_000; // how often a run is asked after
const STARTS = new Set(["engineer", "admin"]);
const KEYS = new Map([["ArrowLeft", -1], ["ArrowRight", 1]]);

export default {
  id: "case",
  path: [HOME, `${HOME}/:act`],
  roles: ["viewer", "engineer", "officer"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    mount(view, heading(t("case.heading"), t("case.lead")), waiting());
    const run = await latest(signal);
    if (params.act === undefined || run === null || run.state === "running" || run.acts.length === 0) return overview(view, run, signal);
    return step(view, run, params.act, signal);
  },
};

/** @param {AbortSignal} signal @returns {Promise<Run | null>} */
async function latest(signal) {
  const { data } = await get(RUNS, {}, { signal });
  return data.length > 0 ? get(`${RUNS}/${encodeURIComponent(data[0].id)}`, {}, { signal }) : null;
}

// -- before, during and after ------------------------------------------------------------------------------------------------

/** @param {HTMLElement} view @param {Run | null} run @param {AbortSignal} signal */
function overview(view, run, signal) {
  const shown = h("section", { class: "stack", "aria-label": t("case.run") });
  const said = h("p", { class: "sr", role: "status" });
  const begin = starter(shown, said, signal);
  mount(view, heading(t("case.heading"), t("case.lead"), begin), said, h("div", { class: "stack" }, shown,
    h("section", { class: "card stack" }, h("h2", {}, t("case.who")), h("p", {}, t("case.about")), drawing(),
      h("p", { class: "hint" }, t("case.limits")))));
  if (run === null) mount(shown, notice("info", t(begin ? "case.none" : "case.none_yet")));
  else if (run.state === "running") void follow(run, shown, said, begin, signal);
  else mount(shown, summary(run));
}

/** The button that has the lab tell it; nobody else's. @param {HTMLElement} shown @param {HTMLElement} said @param {AbortSignal} signal */
function starter(shown, said, signal) {
  if (!STARTS.has(signedIn()?.role ?? "")) return null;
  const start = async () => {
    button.disabled = true;
    try {
      await follow(await post(RUNS, undefined, { signal }), shown, said, button, signal);
    } catch (error) {
      if (!signal.aborted) mount(shown, failure(error));
      button.disabled = false;
    }
  };
  const button = /** @type {HTMLButtonElement} */ (h("button", { class: "primary", type: "button", onclick: start }, t("case.start")));
  return button;
}

/** Shows a run as it is told, until it is over. @param {Run} run @param {HTMLElement} shown @param {HTMLElement} said @param {HTMLElement | null} begin @param {AbortSignal} signal */
async function follow(run, shown, said, begin, signal) {
  if (begin instanceof HTMLButtonElement) begin.disabled = true;
  const head = h("p", { class: "case-now" });
  const acts = h("div", { class: "stack" });
  mount(shown, h("div", { class: "card row case-progress" }, h("span", { class: "pulse", "aria-hidden": "true" }), head), acts);
  try {
    while (run.state === "running") {
      draw(run, head, acts, said);
      await pause(signal);
      run = await get(`${RUNS}/${encodeURIComponent(run.id)}`, {}, { signal });
    }
    mount(shown, summary(run));
    mount(said, t(run.state === "over" ? "case.over" : "case.failed"));
  } catch (error) {
    if (!signal.aborted) mount(shown, failure(error));
  } finally {
    if (begin instanceof HTMLButtonElement) begin.disabled = false;
  }
}

/** Adds what came since. @param {Run} run @param {HTMLElement} head @param {HTMLElement} acts @param {HTMLElement} said */
function draw(run, head, acts, said) {
  const now = run.acts.at(-1);
  const words = now ? titled(now) : t("case.starting");
  if (said.textContent !== words) mount(said, words);
  mount(head, h("strong", {}, words), " ", h("span", { class: "muted" }, sum(claimed(run.acts))));
  run.acts.forEach((act, at) => {
    if (acts.children[at] === undefined) acts.append(h("article", { class: "card stack" }, h("h2", {}, titled(act)), h("ol", { class: "case-told" })));
    const list = /** @type {HTMLElement} */ (acts.children[at].lastElementChild);
    list.append(...(act.told ?? []).slice(list.children.length).map(item));
  });
}

/** How a run went, and its acts. @param {Run} run */
function summary(run) {
  const { held, broken, open } = counted(claimed(run.acts));
  const good = run.state === "over" && broken === 0;
  const words = run.state !== "over" ? "case.failed" : broken > 0 ? "case.broken" : "case.over";
  return [
    notice(good ? "good" : "bad", t(words),
      h("p", {}, t("case.count", { held, broken, open }), " ", time(run.ended ?? run.began)),
      run.failed && h("p", {}, run.failed)),
    run.acts.length > 0 && h("section", { class: "card stack" }, h("h2", {}, t("case.acts")), actList(run),
      h("div", { class: "row" }, h("a", { class: "button primary", href: `${HOME}/${run.acts[0].act}` }, t("case.step_through")),
        h("a", { class: "button", href: `${HOME}/${LAST}` }, t("case.shows")))),
  ];
}

/** @param {AbortSignal} signal */
const pause = (signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ASKED_MS);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  }, { once: true });
});

// -- step by step ------------------------------------------------------------------------------------------------------------

/** @param {HTMLElement} view @param {Run} run @param {string} asked @param {AbortSignal} signal */
function step(view, run, asked, signal) {
  const places = [...run.acts.map((act) => String(act.act)), LAST];
  const at = places.indexOf(asked);
  if (at < 0) {
    mount(view, heading(t("case.heading"), t("case.lead")), notice("warn", t("case.no_act")), actList(run));
    return undefined;
  }
  const act = run.acts[at];
  const title = act ? titled(act) : t("case.shows");
  document.addEventListener("keydown", (event) => {
    const to = places[at + (KEYS.get(event.key) ?? 0)];
    if (!KEYS.has(event.key) || to === undefined || taken(event)) return;
    event.preventDefault();
    void navigate(`${HOME}/${to}`);
  }, { signal });
  mount(view,
    h("p", { class: "small case-back" }, h("a", { href: HOME }, t("case.back")), " · ", t("case.told_on"), " ", time(run.ended ?? run.began)),
    heading(title, act ? null : t("case.shows_about")),
    h("div", { class: "case-step" },
      h("nav", { class: "case-acts", "aria-label": t("case.acts") }, actList(run, asked)),
      h("div", { class: "stack" },
        act ? h("section", { class: "card stack", "aria-label": title }, h("p", {}, sum(claimed([act]))), told(act)) : promises(run.acts),
        h("nav", { class: "pager case-steps", "aria-label": t("case.steps") },
          at > 0 ? beside("case.previous", places[at - 1], "prev") : null,
          at < places.length - 1 ? beside("case.next", places[at + 1], "next") : null))));
  return title;
}

/** Whether the key means something else where it was pressed. @param {KeyboardEvent} event */
function taken(event) {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return true;
  return event.target instanceof Element && event.target.closest("input, select, textarea, [contenteditable], pre, .table-box") !== null;
}

/** @param {string} words @param {string} to @param {string} rel */
const beside = (words, to, rel) => h("a", { class: "button", href: `${HOME}/${to}`, rel }, t(words));

/** @param {Run} run @param {string} [here] */
function actList(run, here) {
  const link = (/** @type {string} */ to, /** @type {any} */ words) => h("a", { href: `${HOME}/${to}`, "aria-current": to === here ? "step" : null }, words);
  return h("ol", { class: "case-list" },
    run.acts.map((/** @type {Act} */ act) => h("li", { value: act.act }, link(String(act.act), inWords(act.title)), " ", here === undefined && sum(claimed([act])))),
    here !== undefined && h("li", { class: "case-last" }, link(LAST, t("case.shows"))));
}
