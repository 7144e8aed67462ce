// SPDX-License-Identifier: Apache-2.0
// The log: its head and key, who has witnessed it, whether it has only grown since this browser last saw it, and a place to drop
// whatever claims to come from it.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { formatDate, formatNumber, t } from "../lib/i18n.js";
import { copyButton, details, download, facts, failure, heading, idText, notice, table, time, waiting } from "../lib/parts.js";
import { verifyDrop } from "../lib/verify-drop.js";
import { grown, sizeOf } from "../lib/verify/grown.js";
import { fromGateway } from "../lib/verify/index.js";

const SEEN = "comity.log."; // then the log's name: the head that this browser saw last, and when
const LEAVES = 16;

export default {
  id: "log",
  path: "/console/log",
  roles: ["viewer", "engineer", "officer"],
  words: ["verify"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    mount(view, heading(t("log.heading"), t("log.lead")), waiting());
    const log = await get("/comity/v1/log", {}, { signal });
    const since = h("div", { role: "status" }, waiting());
    mount(view, heading(t("log.heading"), t("log.lead")),
      h("div", { class: "stack" },
        h("div", { class: "grid-2" }, part("head", head(log)), part("published", published(log))),
        part("since", h("p", { class: "hint" }, t("log.since_about")), since),
        part("check", h("p", { class: "hint" }, t("log.check_about")), verifyDrop({ anchors: fromGateway(log), t })),
        part("leaves", h("p", { class: "hint" }, t("log.leaves_about")), leaves(log.size))));
    mount(since, await comparison(log, signal));
  },
};

/** @param {string} name @param {...import("../lib/dom.js").Child} children */
const part = (name, ...children) => h("section", { class: "card stack", "aria-labelledby": `log-${name}` }, h("h2", { id: `log-${name}` }, t(`log.${name}`)), children);

/** @param {any} log */
function head(log) {
  return [
    facts([
      [t("log.size"), formatNumber(log.size)],
      [t("log.origin"), idText(log.origin)],
      [t("log.key"), [idText(log.vkey), " ", copyButton(log.vkey, t("log.key"))]],
    ]),
    log.checkpoint ? signed(log.checkpoint, "log.note") : notice("info", t("log.nothing_yet")),
  ];
}

/** @param {string} note @param {string} title */
const signed = (note, title) => details(t(title), h("div", { class: "note" }, h("pre", { tabindex: "0" }, note),
  h("div", { class: "row" }, copyButton(note, t(title)), h("button", { type: "button", class: "quiet small", onclick: () => download("checkpoint.txt", note, "text/plain") }, t("log.save")))));

/** @param {any} log */
function published({ published: shown }) {
  if (shown.store === "nowhere") return notice("info", t("log.unpublished"), h("p", {}, t("log.unpublished_mend")));
  return [
    facts([
      [t("log.store"), t(`log.stores.${shown.store}`)],
      [t("log.often"), t("log.seconds", { count: shown.seconds })],
      [t("log.quorum"), t("log.quorum_of", { quorum: shown.quorum, count: shown.witnesses.length })],
      [t("log.shown_size"), formatNumber(shown.size)],
    ]),
    table([
      { name: "name", title: t("log.witness") },
      { name: "signed", title: t("log.signed"), cell: (row) => (row.signed ? time(row.signed) : h("strong", {}, t("log.unsigned"))) },
    ], shown.witnesses, { caption: t("log.witnesses"), empty: t("log.no_witness") }),
    shown.checkpoint && signed(shown.checkpoint, "log.shown_note"),
  ];
}

/** What this browser remembers of the log against what there is now; then it remembers that. @param {any} log @param {AbortSignal} signal */
async function comparison(log, signal) {
  if (!log.checkpoint) return h("p", { class: "muted" }, t("log.nothing_yet"));
  const seen = remembered(log.origin);
  if (seen === null) {
    remember(log);
    return notice("info", t("log.first"));
  }
  const size = await sizeOf(seen.note, log.vkey);
  try {
    const proof = size > log.size || Number.isNaN(size) ? { proof: [], checkpoint: log.checkpoint } : await get("/comity/v1/log/consistency", { old: size, new: log.size }, { signal });
    const wrong = await grown(seen.note, log.checkpoint, proof.proof, log.vkey);
    if (wrong) return fault(wrong, seen, log);
    remember(log);
    const params = { count: log.size - size, size, day: formatDate(seen.at) };
    return notice("good", t(params.count > 0 ? "log.grown" : "log.same", params));
  } catch (error) {
    return failure(error);
  }
}

/** What was seen is kept as evidence until the reader says otherwise. @param {string} wrong @param {{note: string, at: string}} seen @param {any} log */
function fault(wrong, seen, log) {
  const again = h("button", { type: "button", class: "quiet small", onclick: () => {
    remember(log);
    mount(/** @type {HTMLElement} */ (again.closest(".notice")?.parentElement), notice("info", t("log.first")));
  } }, t("log.forget"));
  return notice("bad", t(`log.wrong.${wrong}`, { day: formatDate(seen.at) }), h("p", {}, t("log.wrong_mend")),
    h("div", { class: "row" }, h("button", { type: "button", class: "small", onclick: () => download("evidence.json", JSON.stringify({ seen, now: log }, null, 2), "application/json") }, t("log.evidence")), again));
}

/** @param {string} origin @returns {{note: string, at: string} | null} */
function remembered(origin) {
  try {
    const { note, at } = JSON.parse(localStorage.getItem(SEEN + origin) ?? "null");
    return typeof note === "string" && !Number.isNaN(Date.parse(at)) ? { note, at } : null;
  } catch {
    return null;
  }
}

/** @param {any} log */
const remember = (log) => localStorage.setItem(SEEN + log.origin, JSON.stringify({ note: log.checkpoint, at: new Date().toISOString() }));

/** The newest leaves, asked for when they are wanted. @param {number} size */
function leaves(size) {
  const shown = h("div", {});
  const box = details(t("log.leaves_show", { count: Math.min(LEAVES, size) }), shown);
  box.addEventListener("toggle", async () => {
    if (shown.hasChildNodes()) return;
    try {
      const page = await get("/comity/v1/log/entries", { from: Math.max(0, size - LEAVES), limit: LEAVES });
      mount(shown, table([
        { name: "place", title: t("log.place"), number: true },
        { name: "leaf", title: t("log.leaf"), cell: (row) => idText(row.leaf) },
      ], page.data.map((/** @type {string} */ leaf, /** @type {number} */ at) => ({ place: page.from + at, leaf })).reverse(), { caption: t("log.leaves"), hidden: true }));
    } catch (error) {
      mount(shown, failure(error));
    }
  });
  return box;
}
