// SPDX-License-Identifier: Apache-2.0
// A report, by the fifteen steps of `comity audit` (transparency/report/audit.py):
//
//    1. archive     it is a report's zip: its files, each once, within bounds
//    2. manifest    what it says it holds is what it holds
//    3. key         the log's key is one, and among the pinned ones where keys were pinned
//    4. signature   the manifest was signed by that key
//    5. files       each file is the one that the manifest names
//    6. checkpoint  the tree head was signed by that key, for that log
//    7. consistency it follows from the newest head that was published, where one was
//    8. witnesses   every pinned witness has signed that one
//    9. receipts    each is a receipt of that log, in the log's order, of the time that the report is about
//   10. consent     what each rested on is what it commits to
//   11. received    each receipt of a node verifies, is of what was sealed to that node, and of the log that the node's entry names
//   12. inclusion   all of them are leaves of the one tree
//   13. nodes       each entry of a node is the one that receipts name; where a log was pinned, it was there in time
//   14. laws        the packs' text is what the receipts' policy stands for, and says what the report says of it
//   15. omission    no node that answered left its receipt out

import { byPoints, hasher, hex, printable, sha256 } from "./bytes.js";
import * as beside from "./beside.js";
import { Failure, read, within } from "./failure.js";
import { parseVkey } from "./keys.js";
import { opened } from "./note.js";
import { headOf } from "./receipt.js";
import { isWithin, Seen } from "./seen.js";
import * as shapes from "./shapes.js";
import { edge, minute } from "./times.js";
import { shown } from "./zip.js";

export const STEPS = [
  "archive", "manifest", "key", "signature", "files", "checkpoint", "consistency", "witnesses", "receipts", "consent", "received",
  "inclusion", "nodes", "laws", "omission",
];
const OWN = ["manifest.json", "manifest.note"];

/**
 * @param {import("./zip.js").Archive} archive @param {{vkeys: string[], witnesses: string[], trusts: import("./trust.js").Trust[]}} anchors
 * @param {import("./index.js").Hold} hold
 */
export async function verifyReport(archive, { vkeys, witnesses, trusts }, hold) {
  hold("archive"); // 1
  const manifest = manifestOf(archive, await archive.whole("manifest.json"));
  hold("manifest"); // 2
  const key = keyOf(manifest, vkeys);
  hold("key", !vkeys.length); // 3
  await signed(archive, key);
  hold("signature"); // 4
  await files(archive, manifest);
  hold("files"); // 5
  const head = await headOf(await archive.text("checkpoint"), key);
  if (head.origin !== manifest.issuer || head.size !== BigInt(manifest.size)) throw new Failure("checkpoint", "headManifest");
  hold("checkpoint"); // 6
  const published = await beside.published(archive, key, head);
  hold("consistency", !published); // 7
  const witnessed = await beside.witnessed(published, witnesses);
  hold("witnesses", !witnesses.length); // 8
  const seen = new Seen(manifest, key, vkeys);
  for await (const line of archive.lines("receipts.jsonl")) await seen.add(line);
  const counts = { named: Number(manifest.receipts), count: seen.places.length };
  if (counts.count !== counts.named) throw new Failure("receipts", "receiptsCount", counts);
  hold("receipts"); // 9
  hold("consent"); // 10
  hold("received", !seen.received.length); // 11
  await beside.included(archive, head, seen);
  hold("inclusion"); // 12
  const came = await beside.nodes(archive, seen, trusts);
  hold("nodes", !trusts.length); // 13
  const laws = await beside.laws(archive, seen);
  hold("laws"); // 14
  if (seen.silent.length) throw new Failure("omission", "omission", { record: seen.silent[0], count: seen.silent.length });
  hold("omission"); // 15
  return {
    manifest, effects: seen.effects, receipts: [...seen.ids], sealed: [...seen.sealed], received: seen.received,
    receivedPinned: seen.receivedPinned || trusts.length > 0,
    nodes: { named: seen.nodes.size, proved: trusts.length ? came.length : 0, missing: without(seen.nodes, came) },
    policiesMissing: without(seen.policies.keys(), ["", ...Object.keys(laws.packs)]),
    published: published && Number(published.size), witnessed, gaps: beside.gaps(seen, manifest),
  };
}

/** @param {Iterable<string>} all @param {string[]} some */
const without = (all, some) => [...all].filter((each) => !some.includes(each)).sort();

/**
 * Receipts of `other`'s log that a node gave to `own` and that `other` leaves out, though they are of the time it is about.  Both: what
 * `verifyReport` found.
 * @param {any} own @param {any} other @returns {string[]} their ids
 */
export function omitted(own, other) {
  const [ids, sealed, { issuer }] = [new Set(other.receipts), new Set(other.sealed), other.manifest];
  const due = own.received.filter((each) => each.issuer === issuer && isWithin(other.manifest, each.at));
  return due.filter((each) => !ids.has(each.receipt) || !sealed.has(each.sealed)).map((each) => each.receipt);
}

/** @param {import("./zip.js").Archive} archive @param {Uint8Array} raw */
function manifestOf(archive, raw) {
  const manifest = beside.formed(raw, shapes.manifest, "manifest");
  if (manifest.format !== shapes.REPORT_FORMAT) throw new Failure("manifest", "manifestFormat");
  const names = manifest.files.map(({ name }) => name);
  if (names.some((name, at) => at && byPoints(names[at - 1], name) >= 0)) throw new Failure("manifest", "manifestOrder");
  const there = [...archive.members.keys()].filter((name) => !OWN.includes(name));
  const unnamed = there.find((name) => !names.includes(name));
  if (unnamed) throw new Failure("manifest", "manifestUnnamed", { file: unnamed });
  const missing = names.find((name) => !there.includes(name));
  if (missing !== undefined) throw new Failure("manifest", "manifestMissing", { file: shown(missing) });
  const { receipts, size } = manifest;
  if (receipts <= 0 || receipts > shapes.RECEIPTS_MAX || receipts > size) throw new Failure("manifest", "manifestReceipts");
  within("manifest", "manifestTime", () => [minute(manifest.made_at), edge(manifest.since), edge(manifest.before)]);
  const words = [manifest.made_at, manifest.made_by, manifest.issuer, manifest.since, manifest.before];
  if (!words.every(printable)) throw new Failure("manifest", "unprintable");
  return manifest;
}

/** @param {Record<string, any>} manifest @param {string[]} vkeys */
function keyOf(manifest, vkeys) {
  const pinned = read("key", () => vkeys.map((vkey) => parseVkey(vkey)));
  const key = read("key", () => parseVkey(manifest.vkey));
  if (pinned.length && !pinned.some((each) => each.vkey === key.vkey)) throw new Failure("key", "otherLog");
  if (key.name !== manifest.issuer) throw new Failure("key", "issuer");
  return key;
}

/**
 * Two lines, and no tree head or receipt begins as they do.
 * @param {import("./zip.js").Archive} archive @param {import("./keys.js").Key} key
 */
async function signed(archive, key) {
  const note = await archive.text("manifest.note");
  let said;
  try {
    said = await opened(note, key);
  } catch (error) {
    read("signature", () => {
      throw error;
    });
  }
  if (!said.startsWith(`${shapes.REPORT_FORMAT}\nsha256/`)) throw new Failure("signature", "manifestNote");
  const digest = hex(sha256(await archive.whole("manifest.json")));
  if (said !== `${shapes.REPORT_FORMAT}\nsha256/${digest}\n`) throw new Failure("signature", "manifestSigned");
}

/** @param {import("./zip.js").Archive} archive @param {Record<string, any>} manifest */
async function files(archive, manifest) {
  for (const listed of manifest.files) {
    const digest = hasher();
    let size = 0;
    for await (const piece of archive.pieces(listed.name)) {
      digest.update(piece);
      size += piece.length;
    }
    if (size !== listed.bytes || hex(digest.digest()) !== listed.sha256) throw new Failure("files", "fileOther", { file: listed.name });
  }
}
