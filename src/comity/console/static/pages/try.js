// SPDX-License-Identifier: Apache-2.0
// A playground: one request as one person would make it, and each step of what becomes of it.  All that is typed stays in this page's
// memory and goes to this gateway alone.

import { ApiError, get, post, stream } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { copyButton, details, heading } from "../lib/parts.js";
import { asked, composer, person } from "./try-form.js";
import { Journey } from "./try-journey.js";

/**
 * @typedef {{id: string, location: string, residence: string, age: number | null, consent: string[]}} Person
 * @typedef {{who: string, location: string, residence: string, age: number | null, consent: Set<string>, purpose: string, task: string, open: boolean,
 *   model: string, text: string, image: File | null}} Draft
 * @typedef {{people: Person[], grants: Record<string, string[]>, words: Record<string, Array<{id: string}>>, regions: Array<{id: string}>, models: any[]}} World
 *   `grants`: which consent a remedy asks for
 */

/** Kept while the console is open, so that a change of language or a look at a decision loses nothing. @type {Draft | null} */
let draft = null;

export default {
  id: "try",
  path: "/console/try",
  roles: ["engineer", "officer"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    const [own, vocabulary, models] = await Promise.all([
      get("/console/static/pages/try.json", {}, { signal }), get("/comity/v1/vocabulary", {}, { signal }), get("/v1/models", {}, { signal }),
    ]);
    /** @type {World} */ const world = { ...own, ...vocabulary, models: models.data };
    const held = (draft ??= fresh(world.people[0]));
    const journey = new Journey(world);
    const shown = h("div", { class: "stack" });
    /** @type {AbortController | null} */ let running = null;
    const stop = () => running?.abort();
    const act = actions(stop);

    const form = h("form", { class: "stack try-form", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void run(); } });
    const draw = () => mount(form, person(held, world, draw), composer(held, world, { act: act.buttons, run, stop, draw }), program(held));
    journey.onGrant = (steps) => {
      for (const step of steps) take(held, step, world);
      draw();
      document.getElementById("journey")?.focus();
      void run();
    };
    signal.addEventListener("abort", stop);
    const run = async () => {
      stop();
      const mine = (running = new AbortController());
      act.busy(true);
      try {
        reveal(shown);
        await journey.start(shown, held, (tell) => travel(held, tell, mine.signal));
      } finally {
        if (running === mine) {
          running = null;
          act.busy(false);
        }
      }
    };

    draw();
    mount(view, heading(t("try.heading"), t("try.lead")), h("div", { class: "try" }, form, h("section", { class: "try-journey", "aria-labelledby": "journey" },
      h("h2", { id: "journey", tabindex: "-1" }, t("try.journey.heading")), shown)));
    journey.outline(shown);
  },
};

/** Ask and stop: one of them is there at a time, and has the focus where the other had it. @param {() => void} stop */
function actions(stop) {
  const ask = h("button", { class: "primary" }, t("try.ask.button"));
  const halt = h("button", { type: "button", class: "danger", hidden: true, onclick: stop }, t("try.stop"));
  const busy = (/** @type {boolean} */ is) => {
    const [from, to] = is ? [ask, halt] : [halt, ask];
    const focused = document.activeElement === from;
    from.hidden = true;
    to.hidden = false;
    if (focused) to.focus();
  };
  return { buttons: [ask, halt], busy };
}

/** On a small screen the steps stand below the form. @param {HTMLElement} shown */
function reveal(shown) {
  const { top } = shown.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.6) shown.parentElement?.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

/** @param {Person} who @returns {Draft} */
function fresh(who) {
  return { who: who.id, ...said(who), purpose: "", task: "", open: false, model: "auto", text: t(`try.person.${who.id}.text`), image: null };
}

/** @param {Person} who */
export const said = (who) => ({ location: who.location, residence: who.residence, age: who.age, consent: new Set(who.consent) });

/** One step of a way out of a refusal, taken. @param {Draft} held @param {string} step @param {World} world */
function take(held, step, world) {
  if (step.startsWith("route:to:")) held.model = step.slice("route:to:".length);
  for (const consent of world.grants[step] ?? []) held.consent.add(consent);
}

/**
 * The request itself: what is found in the text, then the question, then the answer as it comes.
 * @param {Draft} held @param {import("./try-journey.js").Tell} tell @param {AbortSignal} signal
 */
async function travel(held, tell, signal) {
  const { headers, body } = await asked(held);
  if (held.text) tell.found(held.text, await post("/comity/v1/scan", { text: held.text }, { signal }));
  try {
    await stream("/v1/chat/completions", body, (chunk) => tell.piece(chunk), { headers, signal, onHead: (head) => tell.sent(head) });
  } catch (error) {
    if (error instanceof ApiError && error.body?.error?.decision) return tell.refused(error);
    throw error;
  }
  await tell.answered();
}

/** What a program would send. @param {Draft} held */
function program(held) {
  const text = async () => {
    const { headers, body } = await asked({ ...held, image: null });
    const lines = [`curl ${location.origin}/v1/chat/completions`, `-H "Authorization: Bearer $COMITY_KEY"`,
      ...Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`), `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`];
    return lines.join(" \\\n  ");
  };
  const shown = h("code", {});
  const box = details(t("try.program"), [h("pre", { tabindex: "0" }, shown), copyButton(() => shown.textContent ?? "", t("try.program"))]);
  box.addEventListener("toggle", async () => { mount(shown, await text()); });
  return box;
}
