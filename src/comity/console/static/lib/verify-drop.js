// SPDX-License-Identifier: Apache-2.0
// Where a person drops a receipt, a report or a tree head, and sees step by step whether it holds.  Nothing of it leaves the page.

import { h, mount } from "./dom.js";
import { field, notice } from "./parts.js";
import { fromText, NONE, together, verifyFile } from "./verify/index.js";

const KEYS_BYTES_MAX = 1 << 20;
const STATES = new Map([[true, "held"], [false, "failed"], [null, "open"]]);

/** @typedef {import("./verify/index.js").Result} Result */
/** @typedef {(key: string, params?: Record<string, string | number>) => string} Translate */

/**
 * Its words are those of the catalog `verify`, which the page has loaded.
 * @param {{anchors?: import("./verify/index.js").Anchors, t: Translate, onresult?: (result: Result) => void}} options `anchors`: of the
 * gateway, until the person gives keys of their own
 */
export function verifyDrop({ anchors = NONE, t, onresult = () => {} }) {
  let [used, dropped, turn] = [anchors, /** @type {Blob | null} */ (null), 0];
  const shown = h("div", { class: "verify-result", role: "status" });
  const file = h("input", { type: "file", onchange: () => taken(file.files?.[0]) });
  const keys = h("input", { type: "file", onchange: () => trusted(keys.files?.[0]) });
  const zone = h("section", { class: "verify-drop", ondragover: over, ondragleave: () => delete zone.dataset.over, ondrop: drop },
    field(t("verify.label"), file, { hint: t("verify.hint") }), field(t("verify.keys"), keys, { hint: t("verify.keys_hint") }), shown);

  /** @param {DragEvent} event */
  function over(event) {
    event.preventDefault();
    zone.dataset.over = "";
  }

  /** @param {DragEvent} event */
  function drop(event) {
    event.preventDefault();
    delete zone.dataset.over;
    return taken(event.dataTransfer?.files[0]);
  }

  /** @param {Blob | undefined} given */
  async function taken(given) {
    if (!given) return;
    const mine = (turn += 1);
    dropped = given;
    mount(shown, h("p", null, t("verify.working")));
    const result = await verifyFile(given, used);
    if (mine !== turn) return; // another was dropped meanwhile
    mount(shown, ...told(result, t));
    onresult(result);
  }

  /** @param {Blob | undefined} given */
  async function trusted(given) {
    try {
      if (given && given.size > KEYS_BYTES_MAX) throw new RangeError("no list of keys is so long");
      const own = given ? fromText(await given.text()) : null;
      used = !own ? anchors : own.vkeys.length ? own : together(anchors, own);
    } catch (error) {
      turn += 1;
      used = anchors;
      mount(shown, notice("bad", t(`verify.why.${/** @type {any} */ (error).why ?? "anchorsFile"}`)));
      return;
    }
    if (dropped) await taken(dropped);
  }

  return zone;
}

/** What came of it, in words. @param {Result} result @param {Translate} t */
export function told({ ok, kind, steps, facts }, t) {
  const failed = steps.find((step) => step.ok === false);
  const verdict = ok
    ? notice("good", t(`verify.ok.${kind}`), " ", t(`verify.said.${kind}`, said(kind, facts)))
    : notice("bad", t(`verify.failed.${kind}`), " ", failed && t("verify.code", { name: failed.name }));
  return [
    verdict,
    h("p", null, t(`verify.anchors.${facts.anchors.source}`)),
    h("ol", { class: "verify-steps", "aria-label": t("verify.steps") }, steps.map((step) => line(step, t))),
    facts.notes.length > 0 && h("h3", null, t("verify.notes")),
    h("ul", { hidden: !facts.notes.length }, facts.notes.map((note) => h("li", null, t(`verify.${note}`)))),
  ];
}

/** @param {import("./verify/index.js").Step} step @param {Translate} t */
function line({ name, ok, detail, params }, t) {
  const state = STATES.get(ok);
  const words = [h("strong", null, t(`verify.name.${name}`)), h("span", { class: "verify-state" }, t(`verify.state.${state}`))];
  return h("li", { dataset: { state } }, words[0], " ", words[1], " ", h("span", { class: "hint" }, t(`verify.${detail}`, params)));
}

/** @param {Result["kind"]} kind @param {Record<string, any>} facts @returns {Record<string, string | number>} */
function said(kind, { index, size, origin, manifest, effects }) {
  if (kind !== "report") return { index, size, origin };
  const { receipts, issuer, made_at: made } = manifest;
  return { receipts: Number(receipts), size: Number(manifest.size), issuer, made, ...effects };
}
