// SPDX-License-Identifier: Apache-2.0
// What a node says of itself in its public log (transparency/entry.py): one spelling, all of its members, and each of them sound.

import { byPoints, printable, text, unbase64 } from "./bytes.js";
import { Unread } from "./failure.js";
import { canonical, parse } from "./json.js";
import { parseVkey } from "./keys.js";
import * as shapes from "./shapes.js";
import { second } from "./times.js";

const ENTRY_BYTES_MAX = 65_535;
const IMAGE = /^(?:sha256:[0-9a-f]{64})?$/;
const WHERE = /^(?:[^\s:]+:[0-9]{1,5}|\[[0-9a-f:.]+\]:[0-9]{1,5})$/;
const SHOWN = ["pool", "operator", "region", "url", "image", "policy", "receipts", "key", "evidence"];
const NUMBERS = ["retention_months", "content_seconds_max", "padding_bytes_min", "event_bytes_min", "beat_milliseconds"];

/** @param {Uint8Array} raw @returns {Record<string, any>} */
export function parseEntry(raw) {
  let entry;
  try {
    const said = text(raw);
    entry = /** @type {any} */ (parse(said));
    if (!shapes.entry(entry) || canonical(entry) !== said || !sound(entry)) throw new Unread("entry");
  } catch {
    throw new Unread("entry");
  }
  if (raw.length > ENTRY_BYTES_MAX) throw new Unread("entry");
  return entry;
}

/** @param {Record<string, any>} entry Or throws. */
function sound(entry) {
  parseVkey(entry.receipts);
  const lists = [entry.egress, entry.processing, entry.labels];
  return entry.format === shapes.ENTRY_FORMAT && SHOWN.every((name) => printable(entry[name])) && entry.pool && entry.region
    && unbase64(entry.key).length > 0 && unbase64(entry.evidence).length > 0 === (entry.level !== "A0")
    && second(entry.since) < second(entry.until) && shapes.HASH_HEX.test(entry.policy) && IMAGE.test(entry.image)
    && lists.every((each) => each.every((word, at) => word && printable(word) && (!at || byPoints(each[at - 1], word) < 0)))
    && entry.egress.every((each) => WHERE.test(each)) && NUMBERS.every((name) => (entry[name] ?? 0) >= 0);
}
