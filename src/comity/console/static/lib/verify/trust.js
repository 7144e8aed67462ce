// SPDX-License-Identifier: Apache-2.0
// An entry of a public log, by the steps of transparency/trust.py: proof, checkpoint, witnesses, freshness, proof.

import { unbase64 } from "./bytes.js";
import { Failure, read, Unread } from "./failure.js";
import { COSIGNED, parseVkey } from "./keys.js";
import { HASH_BYTES, inclusionHolds, leafHash } from "./merkle.js";
import { cosignedAt, NOTE_BYTES_MAX, parseNote, parseSize, signedCheckpoint } from "./note.js";

export const STEPS = ["proof", "checkpoint", "witnesses", "freshness"];
export const AHEAD_SECONDS_MAX = 300; // how far a witness's clock may be before ours
const HEADER = "c2sp.org/tlog-proof@v1";
const PATH_MAX = 63;

/** @typedef {{log: string, witnesses: string[], quorum: number, ageSecondsMax: number}} Trust */

/** The keys of a trust; step `anchors` where it could be had for less than it says. @param {Trust} trust */
export function keysOf(trust) {
  const [log, ...witnesses] = read("anchors", () => [parseVkey(trust.log), ...trust.witnesses.map((each) => parseVkey(each, COSIGNED))]);
  const all = [log, ...witnesses];
  const once = (of) => new Set(all.map(of)).size === all.length;
  if (!once((key) => key.public.join()) || !once((key) => key.name)) throw new Failure("anchors", "trustTwice");
  if (!Number.isInteger(trust.quorum) || trust.quorum < 1 || trust.quorum > witnesses.length) throw new Failure("anchors", "trustQuorum");
  if (!(trust.ageSecondsMax > 0)) throw new Failure("anchors", "trustAge");
  return { log, witnesses };
}

/** @param {string} text a C2SP tlog-proof; `extra` is for others and not read */
export function parseProof(text) {
  const at = text.indexOf("\n\n");
  const [header, ...rest] = text.slice(0, Math.max(at, 0)).split("\n");
  if (text.length > NOTE_BYTES_MAX + 4096 || at < 0 || header !== HEADER) throw new Unread("proof");
  const bytes = (said) => {
    try {
      return unbase64(said);
    } catch {
      throw new Unread("proof");
    }
  };
  if (rest[0]?.startsWith("extra ")) bytes(rest.shift().slice(6));
  if (!rest[0]?.startsWith("index ")) throw new Unread("proof");
  const index = parseSize(rest.shift().slice(6));
  const path = rest.length > PATH_MAX ? [] : rest.map(bytes);
  if (path.length !== rest.length || path.some((each) => each.length !== HASH_BYTES)) throw new Unread("proof");
  return { index, path, checkpoint: text.slice(at + 2) };
}

/** @param {Uint8Array} entry @param {string} proof @param {Trust} trust @param {number} now in milliseconds since 1970 */
export async function proven(entry, proof, trust, now) {
  const pinned = keysOf(trust);
  const said = read("proof", () => parseProof(proof));
  let head;
  try {
    head = await signedCheckpoint(said.checkpoint, pinned.log);
  } catch (error) {
    throw error instanceof Unread ? new Failure("checkpoint", error.why) : error;
  }
  await witnessed(said.checkpoint, pinned.witnesses, trust, now);
  if (!inclusionHolds(said.index, head.size, leafHash(entry), said.path, head.root)) throw new Failure("proof", "entryNotInLog");
}

/** @param {string} note opened already @param {import("./keys.js").Key[]} witnesses @param {Trust} trust @param {number} now */
async function witnessed(note, witnesses, trust, now) {
  const { text, lines } = parseNote(note);
  const seen = [];
  for (const each of witnesses) {
    const at = await cosignedAt(text, lines, each);
    if (at) seen.push(at.getTime());
  }
  const counted = { count: seen.length, quorum: trust.quorum };
  if (seen.length < trust.quorum) throw new Failure("witnesses", "tooFewWitnesses", counted);
  const fresh = seen.filter((at) => now - trust.ageSecondsMax * 1000 <= at && at <= now + AHEAD_SECONDS_MAX * 1000);
  if (fresh.length < trust.quorum) throw new Failure("freshness", "tooFewFresh", { ...counted, count: fresh.length });
}
