// SPDX-License-Identifier: Apache-2.0
// What a report shows beside each receipt (transparency/report/beside.py): that all are in one log, the one that witnesses saw; nodes;
// laws.

import { byPoints, hex, same, sha256, text, unbase64 } from "./bytes.js";
import { parseEntry } from "./entry.js";
import { Failure, read, Unread, within } from "./failure.js";
import { form, parse } from "./json.js";
import { COSIGNED, parseVkey } from "./keys.js";
import * as law from "./law.js";
import { consistencyHolds, HASH_BYTES, rootOf } from "./merkle.js";
import { cosignedAt, opened, parseCheckpoint, parseNote } from "./note.js";
import * as shapes from "./shapes.js";
import { minute } from "./times.js";
import { keysOf, parseProof, proven } from "./trust.js";
import { shown } from "./zip.js";

const NODE_BYTES_MAX = 80; // of one in `proof.json`

/** @typedef {import("./zip.js").Archive} Archive */
/** @typedef {import("./seen.js").Seen} Seen */

/** Strictly, in its canonical form. @param {Uint8Array} raw @param {shapes.Kind} shape @param {string} step @returns {any} */
export function formed(raw, shape, step) {
  return within(step, "form", () => {
    const said = text(raw);
    const value = parse(said);
    if (!shape(value) || form(value) !== said) throw new RangeError();
    return value;
  });
}

/** @param {Archive} archive @param {import("./note.js").Checkpoint} head @param {Seen} seen */
export async function included(archive, head, seen) {
  const wanted = [];
  const none = new Uint8Array();
  const given = (level, index) => {
    wanted.push([level, index]);
    return none;
  };
  rootOf(head.size, seen.places, () => none, given, () => none);
  wanted.sort(([one, first], [other, second]) => one - other || (first < second ? -1 : Number(first > second)));
  if (archive.size("proof.json") > NODE_BYTES_MAX * (1 + wanted.length)) throw new Failure("inclusion", "proofTooLong");
  const { nodes } = formed(await archive.whole("proof.json"), shapes.shared, "inclusion");
  const at = (level, index) => `${level} ${index}`;
  const places = (each) => each.map(([level, index]) => at(level, index)).join();
  if (places(nodes) !== places(wanted)) throw new Failure("inclusion", "proofPlaces");
  const hashes = within("inclusion", "base64", () => new Map(nodes.map(([level, index, value]) => [at(level, index), unbase64(value)])));
  const root = [...hashes.values()].every((each) => each.length === HASH_BYTES)
    && rootOf(head.size, seen.places, (number) => seen.leaves[number], (level, index) => hashes.get(at(level, index)));
  if (!root || !same(root, head.root)) throw new Failure("inclusion", "notAllInLog");
}

/**
 * The head that was published, of which `head` must be the growth; null where none was.
 * @param {Archive} archive @param {import("./keys.js").Key} key @param {import("./note.js").Checkpoint} head
 */
export async function published(archive, key, head) {
  const said = formed(await archive.whole("witnessed.json"), shapes.witnessed, "consistency");
  if (!said.checkpoint) {
    if (said.consistency.length) throw new Failure("consistency", "proofOfNothing");
    return null;
  }
  let [before, holds] = /** @type {[any, boolean]} */ ([null, false]);
  try {
    before = parseCheckpoint(await opened(said.checkpoint, key));
    const path = said.consistency.map(unbase64);
    holds = before.origin === head.origin && consistencyHolds(before.size, head.size, before.root, head.root, path);
  } catch {
    holds = false;
  }
  if (!holds) throw new Failure("consistency", "notGrown");
  return { size: before.size, note: said.checkpoint };
}

/** When each of the pinned witnesses signed it: all of them must have. @param {{note: string} | null} head @param {string[]} witnesses */
export async function witnessed(head, witnesses) {
  if (!head) {
    if (witnesses.length) throw new Failure("witnesses", "notPublished");
    return [];
  }
  const { text: said, lines } = parseNote(head.note);
  const seen = [];
  for (const vkey of witnesses) {
    const witness = read("key", () => parseVkey(vkey, COSIGNED));
    const at = await cosignedAt(said, lines, witness);
    if (!at) throw new Failure("witnesses", "notWitnessed", { witness: witness.name });
    seen.push({ witness: witness.name, at: at.toISOString() });
  }
  return seen;
}

/**
 * Where everything is reported, the places that are not shown: first and last of each.
 * @param {Seen} seen @param {Record<string, any>} manifest
 */
export function gaps(seen, manifest) {
  if (manifest.about !== "home") return [];
  const { places } = seen;
  const ends = [manifest.since ? places[0] - 1n : -1n, ...places, manifest.before ? places.at(-1) + 1n : BigInt(manifest.size)];
  return ends.slice(1).flatMap((end, at) => (end > ends[at] + 1n ? [[Number(ends[at]) + 1, Number(end) - 1]] : []));
}

// -- nodes and laws --------------------------------------------------------------------------------------------------

/**
 * The names of the nodes whose entries came along.
 * @param {Archive} archive @param {Seen} seen @param {import("./trust.js").Trust[]} trusts
 */
export async function nodes(archive, seen, trusts) {
  const files = [...archive.members.keys()].filter((name) => name.startsWith("nodes/"));
  const came = [...new Set(files.map((name) => name.slice(6, 70)))].sort();
  for (const name of came) {
    const node = name.slice(0, 16);
    if (!files.includes(`nodes/${name}.entry`) || !files.includes(`nodes/${name}.proof`)) throw new Failure("nodes", "nodeFiles", { node });
    const [raw, proof] = [await archive.whole(`nodes/${name}.entry`), await archive.text(`nodes/${name}.proof`)];
    if (hex(sha256(raw)) !== name || !seen.nodes.has(name)) throw new Failure("nodes", "nodeNotNamed", { node });
    const entry = read("nodes", () => parseEntry(raw));
    if ([...(seen.keptBy.get(name) ?? [])].some((vkey) => vkey !== entry.receipts)) throw new Failure("received", "nodeLog", { node });
    if (trusts.length) await inTime(raw, proof, trusts, minute(seen.shownBy.get(name)), node);
  }
  if (trusts.length && [...seen.nodes].some((name) => !came.includes(name))) throw new Failure("nodes", "nodeMissing");
  return came;
}

/** @param {Uint8Array} raw @param {string} proof @param {import("./trust.js").Trust[]} trusts @param {number} now @param {string} node */
async function inTime(raw, proof, trusts, now, node) {
  const origin = read("nodes", () => parseProof(proof)).checkpoint.split("\n")[0];
  const trust = trusts.find((each) => keysOf(each).log.name === origin); // no other is tried in its place
  if (!trust) throw new Failure("nodes", "nodeLogNotPinned", { node });
  try {
    await proven(raw, proof, trust, now);
  } catch (error) {
    throw error instanceof Failure || error instanceof Unread ? new Failure("nodes", "nodeNotInTime", { node }) : error;
  }
}

/** @param {Archive} archive @param {Seen} seen */
export async function laws(archive, seen) {
  const said = formed(await archive.whole("laws.json"), shapes.laws, "laws");
  formed(await archive.whole("evidence.json"), shapes.evidence, "laws");
  const texts = await textsOf(archive);
  for (const [policy, packs] of Object.entries(said.packs)) {
    if (law.policyOf(packs) !== policy || !seen.policies.has(policy)) throw new Failure("laws", "lawPolicy");
    const named = new Set(packs.map(([pack]) => pack));
    const missing = [...seen.policies.get(policy)].sort(byPoints).find((pack) => named.has(pack) && !texts.has(pack));
    if (missing) throw new Failure("laws", "lawMissing", { pack: shown(missing) });
  }
  const listed = Object.values(said.packs).flat();
  const found = within("laws", "lawUnreadable", () => {
    for (const [pack, files] of texts) {
      const digest = law.digestOf(files);
      const known = listed.some(([name, each]) => name === pack && each === digest);
      if (!known || law.nameOf(files) !== pack) throw new Failure("laws", "lawText", { pack: shown(pack) });
    }
    const { rules, articles } = law.told(texts, seen.rules, seen.facts);
    return form({ rules, articles }) === form({ rules: said.rules, articles: said.articles });
  });
  if (!found) throw new Failure("laws", "lawSaid");
  return said;
}

/** @param {Archive} archive @returns {Promise<Map<string, law.Text>>} */
async function textsOf(archive) {
  const texts = new Map();
  for (const name of archive.members.keys()) {
    const [folder, pack, file] = name.split("/");
    if (folder !== "laws") continue;
    if (!texts.has(pack)) texts.set(pack, new Map());
    texts.get(pack).set(file, await archive.whole(name));
  }
  return new Map([...texts].map(([pack, files]) => [pack, law.ordered(files)]));
}
