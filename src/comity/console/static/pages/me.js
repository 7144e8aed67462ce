// SPDX-License-Identifier: Apache-2.0
// A person's own page: where what they asked went, what is kept until when, the signed report, and a request to have it erased.

import { ApiError, get, post } from "../lib/api.js";
import { bars } from "../lib/charts.js";
import { h, mount } from "../lib/dom.js";
import { formatDate, t } from "../lib/i18n.js";
import { badge, download, facts, failure, heading, idText, notice, table, time, waiting } from "../lib/parts.js";
import { told } from "../lib/verify-drop.js";
import { fromGateway, verifyFile } from "../lib/verify/index.js";
import { place, places } from "../lib/words.js";
import { enterAsPerson, forget, resume, signedIn, signOut, takeToken } from "../session.js";

const ROWS = 50;
const PERSON = "subject";
const UNSERVING = new Map([["session.pass_used", "used"], ["session.pass_expired", "expired"], ["session.token", "unknown"]]);
let link = ""; // its token, until it has opened

export default {
  id: "me",
  path: "/console/me",
  public: true, // whoever has the link; no menu, and nothing of the console
  words: ["verify"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    mount(view, h("h1", {}, t("me.heading")), waiting());
    const fault = await entered(view);
    if (signal.aborted) return;
    if (signedIn()?.role !== PERSON) return outside(view, fault);
    try {
      const own = await get("/comity/v1/me", { limit: ROWS }, { signal });
      mount(view, heading(t("me.heading"), t("me.lead", { controller: own.controller || t("me.nobody") }), h("button", { type: "button", class: "quiet", onclick: () => leave(view) }, t("shell.sign_out"))), page(own, signal));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      forget();
      outside(view, null);
    }
  },
};

/** By the link's token, else by the cookie; what the gateway says of a link that does not serve. @param {HTMLElement} view */
async function entered(view) {
  link = takeToken() || link;
  try {
    const before = link || signedIn() === null ? await resume() : null;
    if (!link) return null;
    if (before !== null && before.role !== PERSON) await agreed(view, before.role);
    const token = link;
    link = "";
    await enterAsPerson(token);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error;
  }
  return null;
}

/** A browser has one session: whoever tries a person's link does not lose their own unasked. @param {HTMLElement} view @param {string} role */
const agreed = (view, role) => new Promise((resolve) => mount(view, h("div", { class: "alone" }, h("h1", {}, t("me.heading")),
  notice("warn", t("me.replaces", { role: t(`shell.role.${role}`) }), h("p", {}, t("me.replaces_hint"))),
  h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: resolve }, t("me.replace")), h("a", { href: "/console" }, t("me.keep"))))));

/** @param {HTMLElement} view @param {ApiError | null} fault */
function outside(view, fault) {
  mount(view, h("div", { class: "alone" }, h("h1", {}, t("me.heading")),
    fault ? notice("bad", t(`me.${UNSERVING.get(fault.code) ?? "refused"}`), h("p", {}, t("me.ask_again"))) : h("p", { class: "lead" }, t("me.by_link"))));
}

/** @param {HTMLElement} view */
async function leave(view) {
  await signOut();
  mount(view, h("div", { class: "alone" }, h("h1", {}, t("me.heading")), notice("good", t("me.left"))));
}

/** @param {any} own @param {AbortSignal} signal */
function page(own, signal) {
  const where = Object.entries(own.places).map(([code, value]) => ({ label: place(code), value: Number(value), kind: code === "device" ? "device" : "allow" })).sort((one, other) => other.value - one.value);
  const effects = ["allow", "deny", "escalate"].filter((effect) => own.effects[effect]).map((effect) => ({ label: t(`shell.effect.${effect}`), value: own.effects[effect], kind: effect }));
  if (own.counted === 0) return h("div", { class: "stack" }, notice("info", t("me.nothing")), whom(own), erasure(own));
  return h("div", { class: "stack" },
    !own.complete && notice("info", t("me.more")),
    h("div", { class: "grid-2" }, h("div", { class: "card" }, bars({ rows: where, label: t("me.where") })), h("div", { class: "card" }, bars({ rows: effects, label: t("me.effects") }))),
    report(own),
    decisions(own, signal),
    erasure(own),
    whom(own));
}

/** @param {string} name @param {...import("../lib/dom.js").Child} children */
const part = (name, ...children) => h("section", { class: "card stack", "aria-labelledby": `me-${name}` }, h("h2", { id: `me-${name}` }, t(`me.${name}`)), children);

/** The signed report: fetched, checked here, and given as a file. @param {any} own */
function report(own) {
  const shown = h("div", { class: "verify-result", role: "status" });
  const button = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "primary", onclick: async () => {
    button.disabled = true;
    mount(shown, waiting(t("me.report_making")));
    try {
      const answer = await fetch("/comity/v1/me/report", { credentials: "same-origin" });
      if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => null), answer.headers);
      const file = await answer.blob();
      download("comity-report.zip", file, "application/zip");
      mount(shown, ...told(await verifyFile(file, fromGateway(own)), t));
    } catch (error) {
      mount(shown, failure(error));
    } finally {
      button.disabled = false;
    }
  } }, t("me.report_get")));
  return part("report", h("p", {}, t("me.report_about")), h("div", { class: "row" }, button), shown);
}

/** @param {any} own @param {AbortSignal} signal */
function decisions(own, signal) {
  const shown = h("div", { class: "stack requests" });
  let { data, after } = own;
  const draw = () => mount(shown, table([
    { name: "at", title: t("me.column.at"), cell: (row) => time(row.decision.at) },
    { name: "effect", title: t("me.column.effect"), cell: (row) => badge(row.decision.effect === "allow" && row.decision.destination.includes("device") ? "device" : row.decision.effect) },
    { name: "where", title: t("me.column.where"), cell: (row) => row.decision.destination.length > 0 ? places(row.decision.destination) : t("me.nowhere") },
    { name: "reader", title: t("me.column.reader"), cell: (row) => t(`me.plaintext.${row.decision.plaintext_at}`) },
    { name: "kept", title: t("me.column.kept"), cell: (row) => row.kept_until ? formatDate(`${row.kept_until}-01`, { year: "numeric", month: "long" }) : t("me.kept") },
    { name: "receipt", title: t("me.column.receipt"), cell: (row) => receipt(row.decision.id) },
  ], data, { caption: t("me.decisions"), hidden: true }), after !== null && h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: older }, t("me.older"))));
  const older = async () => {
    try {
      const page = await get("/comity/v1/me", { limit: ROWS, after }, { signal });
      data = [...data, ...page.data];
      after = page.after;
      draw();
    } catch (error) {
      if (!signal.aborted) shown.append(failure(error));
    }
  };
  draw();
  return part("decisions", h("p", { class: "hint" }, t("me.decisions_about")), shown);
}

/** @param {string} id */
function receipt(id) {
  const button = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "quiet small", onclick: async () => {
    try {
      download(`receipt-${id}.json`, JSON.stringify(await get(`/comity/v1/me/receipts/${encodeURIComponent(id)}`)), "application/json");
    } catch (error) {
      button.after(failure(error));
    }
  } }, t("me.save"), h("span", { class: "sr" }, ` ${id}`)));
  return button;
}

/** @param {any} own */
function erasure(own) {
  const shown = h("div", { class: "stack", role: "status" });
  const asked = (/** @type {any} */ row) => notice(row.done ? "good" : "info", t("me.erasure_asked", { day: formatDate(row.made) }), h("p", {}, t("me.erasure_number"), " ", idText(row.id)),
    row.held > 0 && h("p", {}, t("me.erasure_held", { count: row.held })));
  const agree = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", required: true }));
  const ask = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      mount(shown, asked(await post("/comity/v1/me/erasure", {})));
    } catch (error) {
      mount(shown, form, failure(error));
    }
  };
  const form = h("form", { class: "stack", onsubmit: ask }, h("label", { class: "check" }, agree, h("span", {}, t("me.erasure_agree"))), h("div", { class: "row" }, h("button", { class: "danger" }, t("me.erasure_ask"))));
  mount(shown, own.erasure ? asked(own.erasure) : form);
  return part("erasure", h("p", {}, t("me.erasure_about")), shown);
}

/** @param {any} own */
const whom = (own) => part("whom", facts([
  [t("me.controller"), own.controller || t("me.nobody")],
  [t("me.contact"), own.contact ? (/^[^\s@]+@[^\s@]+$/.test(own.contact) ? h("a", { href: `mailto:${own.contact}` }, own.contact) : own.contact) : t("me.no_contact")],
]));
