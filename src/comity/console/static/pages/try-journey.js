// SPDX-License-Identifier: Apache-2.0
// What becomes of a request, step by step, as it happens.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { formatList, has, t } from "../lib/i18n.js";
import { badge, details, failure, icon, idText, notice } from "../lib/parts.js";
import { obligation, places, ruleText, word } from "../lib/words.js";
import { refusal } from "./try-refusal.js";

/**
 * @typedef {{type: string, category: string | null, start: number, end: number}} Finding
 * @typedef {{found: (text: string, scanned: any) => void, sent: (head: Headers) => void, piece: (chunk: any) => void,
 *   answered: () => Promise<void>, refused: (error: import("../lib/api.js").ApiError) => Promise<void>}} Tell
 */

const STEPS = ["found", "decided", "hidden", "sent", "answer", "label", "receipt"];

export class Journey {
  /** @param {import("./try.js").World} world */
  constructor(world) {
    this.world = world;
    /** Called with the steps of a way out that is to be taken. @type {(steps: string[]) => void} */ this.onGrant = () => {};
    /** @type {Map<string, {item: HTMLElement, body: HTMLElement}>} */ this.steps = new Map();
  }

  /** The steps, each with what it will tell. @param {HTMLElement} shown */
  outline(shown) {
    mount(shown, this.list(), h("p", { class: "sr", role: "status" }));
    for (const name of STEPS) this.set(name, "idle", h("p", { class: "muted" }, t(`try.step.${name}.about`)));
  }

  list() {
    this.steps.clear();
    return h("ol", { class: "journey" }, STEPS.map((name) => {
      const body = h("div", { class: "step-body" });
      const item = h("li", { class: "idle" }, h("h3", {}, t(`try.step.${name}.name`)), body);
      this.steps.set(name, { item, body });
      return item;
    }));
  }

  /** @param {string} name @param {"idle" | "now" | "done" | "stopped"} state @param {...import("../lib/dom.js").Child} children */
  set(name, state, ...children) {
    const { item, body } = /** @type {{item: HTMLElement, body: HTMLElement}} */ (this.steps.get(name));
    item.className = state;
    if (state === "now") item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
    mount(body, children);
  }

  /** @param {HTMLElement} shown @param {import("./try.js").Draft} held @param {(tell: Tell) => Promise<void>} travel */
  async start(shown, held, travel) {
    const status = h("p", { class: "sr", role: "status" });
    mount(shown, this.list(), status);
    this.held = held;
    this.findings = /** @type {Finding[]} */ ([]);
    this.answer = document.createTextNode("");
    this.head = /** @type {Headers | null} */ (null);
    this.away = true; // whether it left this machine
    this.set("found", "now", h("p", { class: "muted" }, t("try.looking")));
    if (!held.text && !held.image) {
      this.outline(shown);
      return void shown.prepend(notice("warn", t("try.empty")));
    }
    try {
      await travel({ found: (text, scanned) => this.found(text, scanned), sent: (head) => this.sent(head), piece: (chunk) => this.piece(chunk),
        answered: () => this.answered(status), refused: (error) => this.refused(error, status) });
    } catch (error) {
      this.failed(error);
    }
  }

  /** @param {string} text @param {{findings: Finding[]}} scanned */
  found(text, { findings }) {
    this.findings = findings;
    this.set("found", "done",
      h("p", {}, findings.length === 0 ? t("try.step.found.nothing") : t("try.step.found.some", { count: findings.length })),
      findings.length > 0 && marked(text, findings),
      this.held?.image && h("p", { class: "hint" }, t("try.step.found.image")));
    this.set("decided", "now", h("p", { class: "muted" }, t("try.deciding")));
  }

  /** What the first byte of the answer brings with it. @param {Headers} head */
  sent(head) {
    this.head = head;
    const [effect, deployment, level] = decision(head);
    const regions = list(head.get("comity-region"));
    const away = !regions.includes("device");
    this.away = away;
    const attested = has(`try.level.${level}`) ? level : "other";
    if (this.findings?.length === 0) this.set("found", "done", h("p", {}, this.held?.image ? t("try.step.found.image") : t("try.step.found.nothing")));
    this.set("decided", "done", h("p", { class: "row" }, badge(effect), h("span", {}, t("try.step.decided.allow"))));
    this.set("hidden", "done", this.hidden(away));
    this.set("sent", "done", away
      ? [h("p", { class: "row" }, h("strong", {}, deployment), h("span", {}, t("try.step.sent.in", { place: places(regions) }))), h("p", { class: "hint" }, t(`try.level.${attested}`))]
      : h("p", { class: "row" }, badge("device"), h("span", {}, t("try.step.sent.stayed"))));
    this.set("answer", "now", h("div", { class: "answer", "aria-busy": "true" }, this.answer, h("span", { class: "caret", "aria-hidden": "true" })));
  }

  /** @param {boolean} away */
  hidden(away) {
    if (!away) return h("p", {}, t("try.step.hidden.stayed"));
    const types = [...new Set((this.findings ?? []).map((each) => each.type))];
    if (types.length === 0) return h("p", {}, t("try.step.hidden.none"));
    return h("p", {}, t("try.step.hidden.some", { count: this.findings?.length ?? 0, types: formatList(types.map(typeName)) }));
  }

  /** @param {any} chunk */
  piece(chunk) {
    for (const choice of chunk.choices ?? []) this.answer?.appendData(choice.delta?.content ?? choice.message?.content ?? "");
  }

  /** @param {HTMLElement} status */
  async answered(status) {
    const head = /** @type {Headers} */ (this.head);
    this.set("answer", "done", h("div", { class: "answer" }, this.answer), this.away && (this.findings?.length ?? 0) > 0 && h("p", { class: "hint" }, t("try.step.answer.restored")));
    const labels = list(head.get("comity-label"));
    this.set("label", "done", labels.length === 0 ? h("p", {}, t("try.step.label.none")) : h("ul", { class: "plain" }, labels.map((label) => h("li", {}, t(`try.label.${label}`)))));
    const receipt = head.get("comity-receipt") ?? "";
    this.set("receipt", "done", receiptOf(receipt));
    mount(status, t("try.step.answer.done"));
    await this.terms(receipt);
  }

  /** What the decision says beyond its headers: every place that was judged, and what is owed. @param {string} receipt */
  async terms(receipt) {
    const found = await get(`/comity/v1/decisions/${encodeURIComponent(receipt)}`).catch(() => null);
    if (found === null) return;
    const [effect, deployment] = decision(/** @type {Headers} */ (this.head));
    const judged = await Promise.all(found.candidates.map((/** @type {any} */ candidate) => this.judged(candidate)));
    this.set("decided", "done", h("p", { class: "row" }, badge(effect), h("span", {}, t("try.step.decided.judged", { count: judged.length }))), h("ul", { class: "plain judged" }, judged));
    const owed = found.candidates.find((/** @type {any} */ each) => each.deployment === deployment)?.obligations ?? [];
    const { body } = /** @type {{body: HTMLElement}} */ (this.steps.get("hidden"));
    if (owed.length > 0) body.append(details(t("try.step.hidden.owed", { count: owed.length }), h("ul", { class: "plain owed" }, owed.map((/** @type {any} */ each) =>
      h("li", {}, icon("done"), h("span", {}, obligation(each.id), h("span", { class: "hint" }, ` ${t(`try.met.${each.met_by}`)}`)))))));
    const sent = /** @type {{body: HTMLElement}} */ (this.steps.get("sent")).body;
    sent.append(h("p", { class: "hint" }, t(`try.plaintext.${found.decision.plaintext_at}`)));
    if (found.decision.stand_in) sent.append(h("p", { class: "hint" }, t("try.stand_in")));
  }

  /** @param {any} candidate */
  async judged(candidate) {
    const against = candidate.effect === "allow" ? [] : candidate.reasons;
    const texts = [...new Set(await Promise.all(against.map(ruleText)))];
    const model = this.world.models.find((each) => each.id === candidate.deployment);
    return h("li", {}, badge(candidate.effect), h("span", {}, h("strong", {}, candidate.deployment), model?.comity && !model.comity.processing.includes("device") && h("span", { class: "muted" }, ` ${places(model.comity.processing)}`),
      texts.length > 0 && h("span", { class: "why" }, texts.join(t("try.and")))));
  }

  /** @param {import("../lib/api.js").ApiError} error @param {HTMLElement} status */
  async refused(error, status) {
    const { decision: told, receipt } = error.body.error;
    const judged = await Promise.all(told.candidates.map((/** @type {any} */ candidate) => this.judged(candidate)));
    this.set("decided", "stopped", h("p", { class: "row" }, badge(told.effect), h("span", {}, t("try.step.decided.refused", { count: judged.length }))), h("ul", { class: "plain judged" }, judged));
    for (const name of ["hidden", "sent", "answer", "label"]) this.set(name, "idle", h("p", { class: "muted" }, t("try.step.not_reached")));
    this.set("receipt", "done", receiptOf(receipt));
    const page = await refusal(error, this.world.grants, this.onGrant);
    this.steps.get("decided")?.body.append(page);
    mount(status, t("try.refused.said"));
  }

  /** @param {unknown} error */
  failed(error) {
    const at = STEPS.find((name) => this.steps.get(name)?.item.className === "now") ?? "found";
    const stopped = error instanceof DOMException && error.name === "AbortError";
    const kept = at === "answer" && this.answer?.data ? h("div", { class: "answer" }, this.answer) : null;
    this.set(at, "stopped", kept, stopped ? notice("info", t("try.stopped")) : failure(error));
    if (this.head?.get("comity-receipt")) this.set("receipt", "done", receiptOf(/** @type {string} */ (this.head.get("comity-receipt"))));
  }
}

/** The text, with each finding named where it stands; places are of code points. @param {string} text @param {Finding[]} findings */
function marked(text, findings) {
  const points = [...text];
  const pieces = [];
  let at = 0;
  for (const { start, end, type } of [...findings].sort((one, other) => one.start - other.start)) {
    if (start < at) continue;
    pieces.push(points.slice(at, start).join(""), h("mark", {}, points.slice(start, end).join(""), h("span", { class: "mark-type" }, typeName(type))));
    at = end;
  }
  return h("blockquote", { class: "marked" }, pieces, points.slice(at).join(""));
}

/** @param {string} type */
const typeName = (type) => has(`try.type.${type}`) ? t(`try.type.${type}`) : word("words", type.toLowerCase());

/** @param {string} id */
const receiptOf = (id) => [h("p", {}, idText(id, `/console/decisions/${encodeURIComponent(id)}`)), h("p", { class: "hint" }, t("try.step.receipt.check"))];

/** `allow; deployment="x"; level="A0"`. @param {Headers} head @returns {[string, string, string]} */
function decision(head) {
  const said = head.get("comity-decision") ?? "";
  const named = (/** @type {string} */ name) => said.match(new RegExp(`${name}="([^"]*)"`))?.[1] ?? "";
  return [said.split(";")[0].trim(), named("deployment"), named("level")];
}

/** @param {string | null} said */
const list = (said) => (said ?? "").split(",").map((each) => each.trim()).filter(Boolean);
