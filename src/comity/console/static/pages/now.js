// SPDX-License-Identifier: Apache-2.0
// What crosses which border now: minute by minute, as it happens, and how the places that answer are doing.

import { events, get } from "../lib/api.js";
import { line, sankey } from "../lib/charts.js";
import { h, mount } from "../lib/dom.js";
import { formatNumber, formatPercent, t } from "../lib/i18n.js";
import { badge, failure, heading, notice, select, table, waiting } from "../lib/parts.js";
import { place, places } from "../lib/words.js";

const EFFECTS = ["allow", "device", "deny", "escalate"];
const SPANS = [15, 60, 180];
const DRAW_MS = 1_000; // how often what happens is drawn
const LOOK_MS = 15_000; // how often the places are asked after
const MINUTE_MS = 60_000;
const LOOKS_MAX = 3;

/** @typedef {{at: string, source: string, destination: string[], effect: string, records: number}} Flow */

let minutes = 60; // kept while the console is open

export default {
  id: "now",
  path: "/console/now",
  roles: ["viewer", "engineer", "officer"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    mount(view, heading(t("now.heading"), t("now.lead")), waiting());
    const shown = h("div", { class: "stack" });
    const state = h("p", { class: "live", role: "status" });
    const places = h("section", { class: "stack", "aria-labelledby": "now-places" }, h("h2", { id: "now-places" }, t("now.places")), waiting());
    const trouble = h("div", { role: "status" });
    const flows = new Flows(signal);
    await flows.load();
    let running = true;
    let drawing = 0;
    const draw = () => {
      drawing = 0;
      const seen = flows.within(minutes); // also while nothing is drawn: what is too old is forgotten
      if (!signal.aborted && running) redrawn(shown, drawn(seen));
    };
    const soon = () => (drawing ||= window.setTimeout(draw, DRAW_MS));
    const anew = async () => {
      try {
        await flows.load();
        mount(trouble);
      } catch (error) {
        if (!signal.aborted) mount(trouble, failure(error));
      }
      soon();
    };
    const pause = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: () => {
      running = !running;
      pause.setAttribute("aria-pressed", String(!running));
      mount(pause, t(running ? "now.pause" : "now.resume"));
      if (running) draw();
    } }, t("now.pause")));
    const span = select(SPANS.map((each) => /** @type {[string, string]} */ ([String(each), t("now.minutes", { count: each })])), String(minutes), { "aria-label": t("now.span"), onchange: () => {
      minutes = Number(span.value);
      redrawn(shown, drawn(flows.within(minutes)));
    } });
    mount(view, heading(t("now.heading"), t("now.lead"), span, pause), state, h("div", { class: "stack" }, trouble, shown, places));
    draw();
    const close = events("/comity/v1/events", ({ type, data }) => {
      if (type === "dropped") return void anew();
      flows.add(data);
      soon();
    }, { onState: (open) => mount(state, h("span", { class: open ? "dot on" : "dot", "aria-hidden": "true" }), t(open ? "now.live" : "now.lost")) });
    const look = () => deployments(places, signal);
    const timers = [window.setInterval(look, LOOK_MS), window.setInterval(anew, MINUTE_MS)]; // what was counted is set right by what is recorded
    signal.addEventListener("abort", () => {
      close();
      timers.forEach((timer) => clearInterval(timer));
      clearTimeout(drawing);
    });
    await look();
  },
};

/** Records by minute, source, destination and effect: those of the past, and those that come. */
class Flows {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
    this.complete = true;
    this.heard = 0; // since this page began
    this.ahead = 0; // whole minutes by which this browser's clock is before the gateway's
    /** @type {Map<string, Flow>} */ this.rows = new Map();
    /** @type {Promise<void> | null} */ this.loading = null;
  }

  /** What is recorded, in place of what was counted; one look at a time. */
  load() {
    return (this.loading ??= this.looked().finally(() => {
      this.loading = null;
    }));
  }

  /** Whether what came meanwhile is in the answer, nobody can tell: then it is asked for once more. */
  async looked() {
    for (let again = 0; again < LOOKS_MAX; again += 1) {
      const heard = this.heard;
      const page = await get("/comity/v1/flows", { minutes: Math.max(...SPANS) }, { signal: this.signal });
      this.complete = page.complete;
      this.ahead = minuteOf(Date.now()) - minuteOf(Date.parse(page.to)) + 1;
      this.rows.clear();
      for (const row of page.rows) this.count(row, row.records);
      if (heard === this.heard) return;
    }
  }

  /** @param {any} decision a row of `/decisions` */
  add(decision) {
    this.heard += 1;
    this.count(decision, 1);
  }

  /** @param {any} row @param {number} records */
  count({ at, source, destination, effect }, records) {
    const minute = `${at.slice(0, 16)}:00Z`;
    const key = JSON.stringify([minute, source, destination, effect]);
    const known = this.rows.get(key);
    this.rows.set(key, { at: minute, source, destination, effect, records: records + (known?.records ?? 0) });
  }

  /** The last `count` minutes, the one that runs among them; what is older than the longest span is forgotten. @param {number} count */
  within(count) {
    const newest = minuteOf(Date.now()) - this.ahead;
    for (const [key, row] of this.rows) if (minuteOf(Date.parse(row.at)) <= newest - Math.max(...SPANS)) this.rows.delete(key);
    const first = newest - count + 1;
    return { rows: [...this.rows.values()].filter((row) => minuteOf(Date.parse(row.at)) >= first), first, count, complete: this.complete };
  }
}

/** @param {number} moment */
const minuteOf = (moment) => Math.floor(moment / MINUTE_MS);

/** Draws anew, and leaves open, in focus and scrolled what the reader had so. @param {HTMLElement} shown @param {import("../lib/dom.js").Child} children */
function redrawn(shown, children) {
  const parts = () => /** @type {HTMLElement[]} */ ([...shown.querySelectorAll("summary, .table-box")]);
  const before = parts().map((each) => ({ open: each.closest("details")?.open, left: each.scrollLeft }));
  const focused = parts().findIndex((each) => each === document.activeElement);
  mount(shown, children);
  parts().slice(0, before.length).forEach((each, at) => {
    const box = each.closest("details");
    if (box) box.open = Boolean(before[at].open);
    each.scrollLeft = before[at].left;
  });
  parts()[focused]?.focus({ preventScroll: true });
}

/** @param {Flow} row */
const kindOf = (row) => (row.effect === "allow" && row.destination.includes("device") ? "device" : row.effect);

/** @param {{rows: Flow[], first: number, count: number, complete: boolean}} found */
function drawn({ rows, first, count, complete }) {
  const counts = Object.fromEntries(EFFECTS.map((effect) => [effect, rows.reduce((sum, row) => sum + (kindOf(row) === effect ? row.records : 0), 0)]));
  const all = rows.reduce((sum, row) => sum + row.records, 0);
  return [
    !complete && notice("info", t("now.incomplete")),
    h("ul", { class: "figures" }, EFFECTS.map((effect) => h("li", { class: "card" }, badge(effect), h("span", { class: "figure-big" }, formatNumber(counts[effect])),
      h("span", { class: "muted small" }, all > 0 ? formatPercent(counts[effect] / all) : "–")))),
    h("div", { class: "card" }, flowsOf(rows)),
    h("div", { class: "card" }, line({ label: t("now.per_minute"), height: 200, series: EFFECTS.filter((effect) => counts[effect] > 0).map((effect) => ({ name: t(`shell.effect.${effect}`), kind: effect, points: perMinute(rows, effect, first, count) })) })),
  ];
}

/** @param {Flow[]} rows */
function flowsOf(rows) {
  /** @type {Map<string, any>} */ const links = new Map();
  /** @type {Map<string, any>} */ const nodes = new Map();
  for (const row of rows) {
    const kind = kindOf(row);
    const to = kind === "deny" || kind === "escalate" ? kind : row.destination.join("+") || "nowhere";
    const [source, target] = [`from ${row.source}`, `to ${to}`];
    nodes.set(source, { id: source, label: row.source ? place(row.source) : t("now.unknown") });
    nodes.set(target, { id: target, label: kind === "deny" || kind === "escalate" ? t(`shell.effect.${kind}`) : places(row.destination), kind });
    const link = links.get(source + target) ?? { source, target, kind, value: 0 };
    links.set(source + target, { ...link, value: link.value + row.records });
  }
  return sankey({ nodes: [...nodes.values()], links: [...links.values()], label: t("now.flows"), empty: t("now.nothing") });
}

/** A number for every minute, also those without any. @param {Flow[]} rows @param {string} effect @param {number} first @param {number} count @returns {Array<[string, number]>} */
function perMinute(rows, effect, first, count) {
  const counted = new Map();
  for (const row of rows) if (kindOf(row) === effect) counted.set(row.at, (counted.get(row.at) ?? 0) + row.records);
  return Array.from({ length: count }, (_, at) => {
    const moment = `${new Date((first + at) * MINUTE_MS).toISOString().slice(0, 16)}:00Z`;
    return [moment, counted.get(moment) ?? 0];
  });
}

/** @param {HTMLElement} shown @param {AbortSignal} signal */
async function deployments(shown, signal) {
  const title = /** @type {HTMLElement} */ (shown.firstElementChild);
  try {
    const [{ data }, outcomes] = await Promise.all([get("/comity/v1/deployments", {}, { signal }), get("/comity/v1/reports/outcomes", {}, { signal })]);
    redrawn(shown, [title, table([
      { name: "id", title: t("now.column.id"), cell: (row) => [h("strong", {}, row.id), row.stand_in && h("span", { class: "hint" }, ` ${t("now.stand_in")}`)] },
      { name: "place", title: t("now.column.place"), cell: (row) => region(row.kind === "on_device" ? ["device"] : row.processing) },
      { name: "state", title: t("now.column.state"), cell: (row) => health(row.health) },
      { name: "inflight", title: t("now.column.inflight"), number: true, cell: (row) => formatNumber(row.health?.inflight ?? 0) },
      { name: "p50", title: t("now.column.p50"), number: true, cell: (row) => ms(row.health?.p50_ms) },
      { name: "p95", title: t("now.column.p95"), number: true, cell: (row) => ms(row.health?.p95_ms) },
      { name: "failed", title: t("now.column.failed"), number: true, cell: (row) => t("now.of", { some: row.health?.failures ?? 0, all: (row.health?.answers ?? 0) + (row.health?.failures ?? 0) }) },
      { name: "cost", title: t("now.column.cost"), number: true, cell: (row) => cost(row, outcomes.rows) },
    ], data, { caption: t("now.places"), hidden: true }), h("p", { class: "hint" }, t("now.cost_about"))]);
  } catch (error) {
    if (!signal.aborted) mount(shown, title, failure(error));
  }
}

/** @param {any} said a list, or anywhere but in one */
export const region = (said) => (Array.isArray(said) ? places(said) : t("shell.place.except", { place: places(said.any_except ?? []) }));

/** @param {any} known */
export function health(known) {
  if (!known) return h("span", { class: "muted" }, t("now.state.unknown"));
  const bad = known.state === "open" || known.state === "parked";
  return h("span", { class: `state ${bad ? "bad" : known.state === "half_open" ? "warn" : "good"}` }, t(`now.state.${known.state}`),
    known.parked_seconds > 0 && h("span", { class: "hint" }, ` ${t("now.for_seconds", { count: Math.ceil(known.parked_seconds) })}`), known.last_failure && bad && [" ", h("code", { class: "id" }, known.last_failure)]);
}

/** @param {number | null | undefined} value */
const ms = (value) => (typeof value === "number" ? t("now.ms", { ms: Math.round(value) }) : "–");

/** Tokens of the last day at the listed price. @param {any} row @param {any[]} outcomes */
function cost(row, outcomes) {
  const [price] = row.prices;
  if (!price) return h("span", { class: "muted" }, t("now.no_price"));
  const sum = (/** @type {string} */ member) => outcomes.filter((each) => each.deployment === row.id).reduce((all, each) => all + (each[member] ?? 0), 0);
  return formatNumber((sum("prompt_tokens") * price.input + sum("completion_tokens") * price.output) / 1_000_000, { style: "currency", currency: price.currency, maximumFractionDigits: 4 });
}
