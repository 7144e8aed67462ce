// SPDX-License-Identifier: Apache-2.0
// The one way to verify in a browser: offline, from a file and keys alone, by the steps and names of `comity log verify` and `comity
// audit`.  A step that does not hold ends it; there is no mode that passes over one.  Whatever else goes wrong is one that does not hold.

import { checked, NONE } from "./anchors.js";
import { text as decoded } from "./bytes.js";
import { Failure, read, within } from "./failure.js";
import { parse } from "./json.js";
import { parseVkey } from "./keys.js";
import { verifyReceipt, STEPS as RECEIPT_STEPS, headOf } from "./receipt.js";
import { verifyReport, STEPS as REPORT_STEPS, omitted } from "./report.js";
import { witnessed } from "./beside.js";
import { Archive } from "./zip.js";

export { fromGateway, fromText, NONE, together } from "./anchors.js";

const BUNDLE_BYTES_MAX = 1 << 20;
const CHECKPOINT_STEPS = ["key", "checkpoint", "witnesses"];
const SIGNED_NOTE = "\n\n\u2014 ";

/** @typedef {import("./anchors.js").Anchors} Anchors */
/** @typedef {(step: string, none?: boolean) => void} Hold told of each step that holds, and whether for want of anything to hold it to */
/**
 * @typedef {object} Step
 * @property {number} n its number
 * @property {string} name as Python has it: `trust.NAME` is the error's code
 * @property {boolean | null} ok null: not reached
 * @property {string} detail a key of the catalog `verify`
 * @property {Record<string, string | number>} params
 */
/**
 * @typedef {object} Result
 * @property {boolean} ok
 * @property {"receipt" | "report" | "checkpoint"} kind
 * @property {Step[]} steps
 * @property {Record<string, any>} facts what was found; `anchors` (which were used), `notes` (keys of what this does not show)
 */

/** @param {Blob | ArrayBuffer | Uint8Array | string} file @param {Anchors} [anchors] @returns {Promise<Result>} */
export async function verifyFile(file, anchors = NONE) {
  const blob = file instanceof Blob ? file : new Blob([file]);
  const [kind, content] = await recognised(blob);
  if (kind === "report") return run(kind, REPORT_STEPS, anchors, async (...given) => verifyReport(await Archive.open(blob), ...given));
  if (kind === "checkpoint") return run(kind, CHECKPOINT_STEPS, anchors, (...given) => verifyCheckpoint(decoded(content), ...given));
  return run("receipt", RECEIPT_STEPS, anchors, ({ vkeys }, hold) => {
    if (!content) throw new Failure("shape", "bundleTooLarge", { most: BUNDLE_BYTES_MAX });
    return verifyReceipt(within("shape", "notJson", () => parse(content)), vkeys, hold);
  });
}

/**
 * Ids of what a node gave `own` a receipt for and `other` leaves out; both: results that hold, `other` of a report.
 * @param {Result} own @param {Result} other
 */
export function leftOut(own, other) {
  if (own.kind === "report") return omitted(own.facts, other.facts);
  const { id } = own.facts.receipt;
  return other.facts.receipts.includes(id) ? [] : [id];
}

/** By its content, whatever it is called. @param {Blob} blob @returns {Promise<[Result["kind"], Uint8Array | null]>} */
async function recognised(blob) {
  const begin = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (String.fromCharCode(...begin) === "PK") return ["report", null];
  if (blob.size > BUNDLE_BYTES_MAX) return ["receipt", null];
  const content = new Uint8Array(await blob.arrayBuffer());
  try {
    const said = decoded(content);
    return [!said.trimStart().startsWith("{") && said.includes(SIGNED_NOTE) ? "checkpoint" : "receipt", content];
  } catch {
    return ["receipt", content];
  }
}

/**
 * A tree head by itself: whose it is, and which witnesses have seen it.
 * @param {string} note @param {Anchors} anchors @param {Hold} hold
 */
async function verifyCheckpoint(note, { vkeys, witnesses }, hold) {
  const keys = read("key", () => vkeys.map((vkey) => parseVkey(vkey)));
  const key = keys.find(({ name }) => note.startsWith(`${name}\n`));
  if (!key) throw new Failure("key", keys.length ? "otherLog" : "noKey");
  hold("key");
  const head = await headOf(note, key);
  if (head.origin !== key.name) throw new Failure("checkpoint", "headLog");
  hold("checkpoint");
  const seen = await witnessed({ note }, witnesses);
  hold("witnesses", !witnesses.length);
  return { origin: head.origin, size: Number(head.size), vkey: key.vkey, witnessed: seen };
}

/**
 * @param {Result["kind"]} kind @param {string[]} names @param {Anchors} anchors
 * @param {(pinned: Anchors, hold: Hold) => Promise<Record<string, any>>} work @returns {Promise<Result>}
 */
async function run(kind, names, anchors, work) {
  /** @type {Map<string, boolean>} */ const held = new Map();
  let [found, failure] = /** @type {[Record<string, any>, Failure | null]} */ ([{}, null]);
  try {
    found = await work(checked(anchors), (step, none = false) => held.set(step, none));
  } catch (error) {
    failure = error instanceof Failure ? error : new Failure(names.find((name) => !held.has(name)) ?? names.at(-1), "unreadable");
  }
  const steps = names.map((name, at) => stepOf(kind, name, at + 1, held, failure));
  if (failure && !names.includes(failure.step)) steps.push(stepOf(kind, failure.step, names.length + 1, held, failure));
  const used = { ...anchors, trusts: anchors.trusts.map(({ log }) => log) };
  return { ok: !failure, kind, steps, facts: { ...found, anchors: used, notes: failure ? [] : notes(kind, found, anchors) } };
}

/**
 * @param {string} kind @param {string} name @param {number} n @param {Map<string, boolean>} held @param {Failure | null} failure
 * @returns {Step}
 */
function stepOf(kind, name, n, held, failure) {
  if (failure?.step === name) return { n, name, ok: false, detail: `why.${failure.why}`, params: failure.params };
  if (!held.has(name)) return { n, name, ok: null, detail: "notReached", params: {} };
  return { n, name, ok: true, detail: `${held.get(name) ? "nothing" : "holds"}.${kind}.${name}`, params: {} };
}

/** What a result does not show, as keys. @param {string} kind @param {Record<string, any>} found @param {Anchors} anchors */
function notes(kind, found, { source, vkeys, witnesses, trusts }) {
  const all = {
    gateway: source === "gateway",
    ownKey: !vkeys.length,
    noWitness: kind !== "receipt" && !witnesses.length,
    noTrust: kind === "report" && found.nodes.named > 0 && !trusts.length,
    receivedOwnKeys: kind === "report" && found.received.length > 0 && !found.receivedPinned,
    gaps: kind === "report" && found.gaps.length > 0,
    policies: kind === "report" && found.policiesMissing.length > 0,
  };
  return Object.entries(all).filter(([, holds]) => holds).map(([name]) => `note.${name}`);
}
