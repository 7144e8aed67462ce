// SPDX-License-Identifier: Apache-2.0
// Parts that pages share.  Each says what it says in words; colour and shape only repeat it.

import { ApiError } from "./api.js";
import { h, mount, svg } from "./dom.js";
import { formatDate, formatNumber, t } from "./i18n.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {{name: string, title: string, number?: boolean, cell?: (row: any) => Child, width?: string}} Column */

const SHAPES = {
  allow: "M3 8.5l3.2 3.2L13 4.8", deny: "M4 4l8 8M12 4l-8 8", escalate: "M8 3v6M8 12v.6", device: "M5 2h6v12H5zM7.4 12h1.2",
  info: "M8 7v6M8 4v.6", good: "M3 8.5l3.2 3.2L13 4.8", warn: "M8 3v6M8 12v.6", bad: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5V2.5h8v8h-3M2.5 5.5h8v8h-8z", done: "M3 8.5l3.2 3.2L13 4.8",
};

/** A small drawing beside words that say the same. @param {keyof typeof SHAPES} name */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, class: "icon", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: SHAPES[name], fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}

/** An effect, as word, shape and colour: allow, deny, escalate, device. @param {string} effect */
export function badge(effect) {
  const shape = effect in SHAPES ? /** @type {keyof typeof SHAPES} */ (effect) : "info";
  return h("span", { class: `badge ${effect}` }, icon(shape), t(`shell.effect.${effect}`));
}

/**
 * @param {Column[]} columns @param {any[]} rows
 * @param {{caption: string, hidden?: boolean, empty?: string, key?: (row: any) => string}} options `hidden`: the caption is for readers by ear alone
 */
export function table(columns, rows, { caption, hidden = false, empty }) {
  const cell = (/** @type {Column} */ column, /** @type {any} */ row, /** @type {number} */ at) =>
    h(at === 0 ? "th" : "td", { scope: at === 0 ? "row" : null, class: column.number ? "number" : null, dataset: { title: column.title } },
      said(column, row));
  return h("div", { class: "table-box", tabindex: "0", role: "group", "aria-label": caption },
    h("table", {},
      h("caption", { class: hidden ? "sr" : null }, caption),
      h("thead", {}, h("tr", {}, columns.map((column) =>
        h("th", { scope: "col", class: column.number ? "number" : null, style: column.width ? { width: column.width } : null }, column.title)))),
      h("tbody", {}, rows.length === 0
        ? h("tr", {}, h("td", { class: "empty", colspan: columns.length }, empty ?? t("shell.empty")))
        : rows.map((row) => h("tr", {}, columns.map((column, at) => cell(column, row, at)))))));
}

/** @param {Column} column @param {any} row @returns {Child} */
function said(column, row) {
  if (column.cell) return column.cell(row);
  const value = row[column.name];
  if (value === null || value === undefined || value === "") return h("span", { class: "muted" }, "–");
  return typeof value === "number" ? formatNumber(value) : Array.isArray(value) ? value.join(", ") : value;
}

/** Newer and older, of a list that is paged on keys. @param {{newer?: (() => void) | null, older?: (() => void) | null}} ways */
export function pager({ newer, older }) {
  const button = (/** @type {string} */ label, /** @type {(() => void) | null | undefined} */ go) =>
    h("button", { type: "button", class: "quiet", disabled: !go, onclick: go ?? null }, label);
  return h("nav", { class: "pager", "aria-label": t("shell.pager.label") }, button(t("shell.pager.newer"), newer), button(t("shell.pager.older"), older));
}

let made = 0;
/** An id that no other element of this page has. @param {string} [stem] */
export const uid = (stem = "x") => `${stem}-${++made}`;

/** An input under its label. @param {string} label @param {HTMLElement} input @param {{hint?: string, error?: string, class?: string}} [options] */
export function field(label, input, { hint, error, class: kind = "" } = {}) {
  input.id ||= uid("field");
  const told = [hint && `${input.id}-hint`, error && `${input.id}-error`].filter(Boolean).join(" ");
  if (told) input.setAttribute("aria-describedby", told);
  if (error) input.setAttribute("aria-invalid", "true");
  return h("div", { class: `field ${kind}` },
    h("label", { for: input.id }, label), input,
    hint && h("p", { class: "hint", id: `${input.id}-hint` }, hint),
    error && h("p", { class: "error", id: `${input.id}-error` }, error));
}

/** @param {Array<[string, string]>} options value and label @param {string} chosen @param {Record<string, any>} [props] @returns {HTMLSelectElement} */
export function select(options, chosen, props = {}) {
  return /** @type {HTMLSelectElement} */ (h("select", props, options.map(([value, label]) => h("option", { value, selected: value === chosen }, label))));
}

/**
 * Tabs by the keyboard's arrows too.
 * @param {Array<{id: string, label: string, render: () => Child}>} pages @param {string} label @param {string} [chosen]
 * @param {(id: string) => void} [turned] told when the reader turns to another
 */
export function tabs(pages, label, chosen = pages[0].id, turned) {
  const stem = uid("tab");
  const panel = h("div", { role: "tabpanel", id: `${stem}-panel`, tabindex: "0" });
  const buttons = pages.map((page) => h("button", { type: "button", role: "tab", id: `${stem}-${page.id}`, "aria-controls": panel.id, onclick: () => turn(page.id) }, page.label));
  const show = (/** @type {string} */ id, focus = false) => pages.forEach((page, at) => {
    const here = page.id === id;
    buttons[at].setAttribute("aria-selected", String(here));
    buttons[at].tabIndex = here ? 0 : -1;
    if (!here) return;
    panel.setAttribute("aria-labelledby", buttons[at].id);
    mount(panel, page.render());
    if (focus) buttons[at].focus();
  });
  const turn = (/** @type {string} */ id, focus = false) => {
    turned?.(id);
    show(id, focus);
  };
  const moved = (/** @type {KeyboardEvent} */ event) => {
    const at = buttons.findIndex((button) => button.getAttribute("aria-selected") === "true");
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: pages.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    turn(pages[(to + pages.length) % pages.length].id, true);
  };
  show(chosen);
  return h("div", { class: "tabs" }, h("div", { role: "tablist", "aria-label": label, onkeydown: moved }, buttons), panel);
}

/** @param {"info" | "good" | "warn" | "bad"} kind @param {...Child} children the first is what is said first */
export function notice(kind, ...children) {
  const [head, ...rest] = children;
  return h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" },
    icon(kind), h("div", {}, h("p", {}, h("span", { class: "sr" }, `${t(`shell.notice.${kind}`)} `), head), rest));
}

/** What went wrong, in the gateway's own words where it is the gateway that says so. @param {unknown} error */
export function failure(error) {
  if (error instanceof ApiError) {
    return notice("bad", error.message,
      error.hint && !error.message.includes(error.hint) && h("p", {}, error.hint),
      (error.request || error.code) && h("p", { class: "muted small" },
        error.code && h("code", {}, error.code), error.request && [" · ", t("shell.failure.request"), " ", idText(error.request)]));
  }
  if (error instanceof TypeError && /fetch/i.test(error.message)) return notice("bad", t("shell.failure.unreachable"), h("p", {}, t("shell.failure.unreachable_hint")));
  return notice("bad", t("shell.failure.page"), h("p", { class: "muted small" }, error instanceof Error ? error.name : ""));
}

/** @param {Child} summary @param {Child} content @param {boolean} [open] */
export function details(summary, content, open = false) {
  return h("details", { open }, h("summary", {}, summary), h("div", { class: "details-body" }, content));
}

/** @param {string} iso */
export const time = (iso) => h("time", { datetime: iso, title: iso }, formatDate(iso));

/** An id, whole, in type that tells its letters apart; it may be broken anywhere. @param {string} id @param {string} [href] */
export const idText = (id, href) => href ? h("a", { href, class: "id" }, id) : h("code", { class: "id" }, id);

/** @param {string | (() => string)} text @param {string} [label] what is copied, for readers by ear */
export function copyButton(text, label) {
  const words = h("span", { "aria-live": "polite" }, t("shell.copy"));
  const button = h("button", { type: "button", class: "quiet small", onclick: async () => {
    await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
    mount(words, t("shell.copied"));
  } }, icon("copy"), words, label && h("span", { class: "sr" }, ` ${label}`));
  return button;
}

/** Gives the reader a file made here. @param {string} name @param {BlobPart} bytes @param {string} [type] */
export function download(name, bytes, type = "application/octet-stream") {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 0);
}

/** Facts by name. @param {Array<[Child, Child]>} rows */
export function facts(rows) {
  return h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** The heading of a page, with what it is for. @param {string} title @param {Child} [lead] @param {...Child} beside */
export function heading(title, lead, ...beside) {
  return h("div", { class: "heading" }, h("div", {}, h("h1", {}, title), lead && h("p", { class: "lead" }, lead)), beside.length > 0 && h("div", { class: "beside" }, beside));
}

/** While something is awaited. @param {string} [words] */
export const waiting = (words) => h("p", { class: "waiting", role: "status" }, h("span", { class: "pulse", "aria-hidden": "true" }), words ?? t("shell.waiting"));
