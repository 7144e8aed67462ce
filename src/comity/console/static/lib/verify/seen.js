// SPDX-License-Identifier: Apache-2.0
// Receipts of a report as they pass, each checked: steps 9 to 11 of `report.js` (transparency/report/seen.py).

import { hex, printable, text, unbase64, utf8 } from "./bytes.js";
import { Failure } from "./failure.js";
import { canonical, form, parse } from "./json.js";
import { commitment, leafOf, SALT_BYTES, verifyReceipt } from "./receipt.js";
import * as shapes from "./shapes.js";
import { edge, minute } from "./times.js";

/** `left`, `stayed` on the device, or `refused`. @param {Record<string, any>} receipt */
const went = (receipt) => (receipt.effect !== "allow" ? "refused" : receipt.destination.length ? "left" : "stayed");

/**
 * Whether a receipt's time is of those that a report is about; it is cut to the minute.
 * @param {{since: string, before: string}} manifest @param {string} at
 */
export function isWithin(manifest, at) {
  const [moment, since, before] = [BigInt(minute(at)) * 1000n, edge(manifest.since), edge(manifest.before)];
  return (!since || moment >= since.floor) && (!before || moment < before.at);
}

export class Seen {
  /** @param {Record<string, any>} manifest @param {import("./keys.js").Key} key @param {string[]} pinned vkeys */
  constructor(manifest, key, pinned) {
    Object.assign(this, { manifest, key, pinned });
    /** @type {bigint[]} */ this.places = [];
    /** @type {Uint8Array[]} */ this.leaves = [];
    this.effects = { left: 0, stayed: 0, refused: 0 };
    this.ids = new Set();
    this.sealed = new Set();
    /** @type {{issuer: string, receipt: string, at: string, sealed: string}[]} */ this.received = [];
    this.receivedPinned = true;
    /** @type {Map<string, Set<string>>} Nodes, and the keys of the logs in which receipts of theirs stand. */ this.keptBy = new Map();
    /** @type {number[]} */ this.silent = [];
    /** @type {Map<string, string>} Nodes, and by when each must have been in the public log. */ this.shownBy = new Map();
    /** @type {Map<string, Set<string>>} Packs by policy digest. */ this.policies = new Map();
    this.rules = new Set();
    this.facts = new Set();
    this.nodes = new Set();
  }

  /** @param {Uint8Array} line */
  async add(line) {
    const { row, made, salt } = this.shaped(line);
    const { receipt } = row;
    const { node = "", sealed = "", consent = "" } = receipt; // sealed: it came to this log's own node
    const record = Number(row.index);
    if (commitment(salt, row.grounds) !== consent) throw new Failure("consent", "consent", { record });
    if (row.received !== null) await this.take(row, node);
    else if (node && !sealed && row.outcome?.status === "ok") this.silent.push(record);
    if (node) {
      if (!this.shownBy.has(node)) this.shownBy.set(node, sealed ? this.manifest.made_at : receipt.at);
      if (sealed) this.keep(node, this.key.vkey);
      this.nodes.add(node);
    }
    this.places.push(BigInt(row.index));
    this.leaves.push(leafOf(salt, made));
    this.effects[went(receipt)] += 1;
    this.ids.add(receipt.id);
    this.sealed.add(sealed);
    if (!this.policies.has(receipt.policy)) this.policies.set(receipt.policy, new Set());
    for (const pack of receipt.packs) this.policies.get(receipt.policy).add(pack);
    for (const rule of receipt.rules) this.rules.add(rule);
    for (const fact of receipt.reasons) this.facts.add(fact);
  }

  /** @param {Uint8Array} line */
  shaped(line) {
    const number = this.places.length + 1;
    const failed = (why) => new Failure("receipts", why, { number });
    let [row, made, salt] = /** @type {[any, Uint8Array, Uint8Array]} */ (/** @type {unknown} */ ([]));
    try {
      const said = text(line);
      row = parse(said);
      if (!shapes.row(row) || !shapes.receipt(row.receipt) || form(row) !== said) throw new RangeError();
      [made, salt] = [utf8(canonical(row.receipt)), unbase64(row.salt)];
      minute(row.receipt.at);
    } catch {
      throw failed("row");
    }
    const { receipt, outcome } = row;
    if (salt.length !== SALT_BYTES) throw failed("rowSalt");
    const shown = [row.request, ...shapes.textsOf(receipt), ...row.grounds, ...(outcome ? [outcome.at, outcome.status] : [])];
    if (!shown.every(printable)) throw failed("rowUnprintable");
    if (receipt.issuer !== this.manifest.issuer || receipt.key !== hex(this.key.id)) throw failed("rowLog");
    if (row.index <= (this.places.at(-1) ?? -1n) || row.index >= this.manifest.size) throw failed("rowOrder");
    if (!isWithin(this.manifest, receipt.at)) throw failed("rowTime");
    return { row, made, salt };
  }

  /** The node's own receipt of what was sealed to it. @param {any} row @param {string} node */
  async take(row, node) {
    const record = Number(row.index);
    const pinned = this.pinned.includes(row.received.vkey);
    let found;
    try {
      found = await verifyReceipt(row.received, pinned ? [row.received.vkey] : []);
      minute(found.receipt.at);
    } catch {
      throw new Failure("received", "received", { record });
    }
    const sealed = row.outcome?.sealed ?? "";
    const its = sealed && node && found.receipt.sealed === sealed && found.receipt.node === node;
    if (!its) throw new Failure("received", "receivedOther", { record });
    this.keep(node, found.vkey);
    this.receivedPinned &&= pinned;
    this.received.push({ issuer: found.origin, receipt: found.receipt.id, at: found.receipt.at, sealed });
  }

  /** @param {string} node @param {string} vkey */
  keep(node, vkey) {
    if (!this.keptBy.has(node)) this.keptBy.set(node, new Set());
    this.keptBy.get(node).add(vkey);
  }
}
