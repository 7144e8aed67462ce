// SPDX-License-Identifier: Apache-2.0
// Signed notes, checkpoints and cosignatures, as C2SP signed-note, tlog-checkpoint and tlog-cosignature define them.

import { concat, same, uint64, unbase64, utf8 } from "./bytes.js";
import { Failure, Unread } from "./failure.js";
import { COSIGNED_MLDSA44, ED25519, ed25519Holds, isName, mldsa44Holds } from "./keys.js";
import { HASH_BYTES } from "./merkle.js";
import { calendar } from "./times.js";

export const NOTE_BYTES_MAX = 262_144;
export const SIZE_MAX = 2n ** 63n - 1n;
const DASH = "\u2014 ";
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const NUMBER = /^(?:0|[1-9][0-9]{0,19})$/;
const SIGNATURE_BYTES = { [ED25519]: 64, 0x04: 72, 0x06: 2428 };

/** @typedef {import("./keys.js").Key} Key */
/** @typedef {{name: string, id: Uint8Array, signature: Uint8Array}} Line one signature of a note, not yet checked */
/** @typedef {{origin: string, size: bigint, root: Uint8Array}} Checkpoint */

/** The text and its signatures, none of them checked. @param {string} note @returns {{text: string, lines: Line[]}} */
export function parseNote(note) {
  if (!note.isWellFormed() || utf8(note).length > NOTE_BYTES_MAX) throw new Unread("noteSize");
  const at = note.lastIndexOf("\n\n");
  if (at < 0 || !note.slice(at + 2).endsWith("\n")) throw new Unread("note");
  if (CONTROL.test(note)) throw new Unread("noteControl");
  return { text: note.slice(0, at + 1), lines: note.slice(at + 2, -1).split("\n").map(parseLine) };
}

/** @param {string} line @returns {Line} */
function parseLine(line) {
  const said = line.slice(DASH.length);
  const at = said.indexOf(" ");
  if (!line.startsWith(DASH) || at < 0 || !isName(said.slice(0, at))) throw new Unread("noteLine");
  let raw;
  try {
    raw = unbase64(said.slice(at + 1));
  } catch {
    throw new Unread("noteBase64");
  }
  if (raw.length < 5) throw new Unread("noteShort");
  return { name: said.slice(0, at), id: raw.subarray(0, 4), signature: raw.subarray(4) };
}

/** @param {Line[]} lines @param {Key} key */
const among = (lines, key) => lines.filter((line) => line.name === key.name && same(line.id, key.id));

/** @param {Key} key @param {Uint8Array} message of a cosignature: the text of a checkpoint @param {Uint8Array} signature */
export async function holds(key, message, signature) {
  if (signature.length !== SIGNATURE_BYTES[key.kind]) return false;
  if (key.kind === ED25519) return ed25519Holds(key.public, message, signature);
  const at = saidAt(signature);
  if (at > SIZE_MAX) return false;
  const signed = signature.subarray(8);
  if (key.kind !== COSIGNED_MLDSA44) return ed25519Holds(key.public, concat(utf8(`cosignature/v1\ntime ${at}\n`), message), signed);
  let parts;
  try {
    parts = subtree(key.name, at, new TextDecoder().decode(message));
  } catch (error) {
    if (error instanceof Unread) return false;
    throw error;
  }
  return mldsa44Holds(key.public, parts, signed);
}

/** What an ML-DSA-44 cosigner signs. @param {string} name @param {bigint} at @param {string} text */
function subtree(name, at, text) {
  const head = parseCheckpoint(text);
  const [said, origin] = [utf8(name), utf8(head.origin)];
  if (said.length > 255 || origin.length > 255) throw new Unread("checkpoint");
  return concat(utf8("subtree/v1\n\0"), Uint8Array.of(said.length), said, uint64(at), Uint8Array.of(origin.length), origin,
    uint64(0), uint64(head.size), head.root);
}

/** When a cosignature says that it was made, in seconds since 1970. @param {Uint8Array} signature */
const saidAt = (signature) => new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);

/** The text of a note that `key` signed; signatures of others are passed over, as C2SP says. @param {string} note @param {Key} key */
export async function opened(note, key) {
  const { text, lines } = parseNote(note);
  const mine = among(lines, key);
  const held = await Promise.all(mine.map((line) => holds(key, utf8(text), line.signature)));
  if (held.includes(false) || mine.length > 1) throw new Unread("noteSignature");
  if (!mine.length) throw new Unread("noteKey");
  return text;
}

/** Further lines (extensions) are allowed and not read. @param {string} text @returns {Checkpoint} */
export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length < 4 || lines.at(-1) !== "" || lines.slice(0, -1).includes("")) throw new Unread("checkpoint");
  const [origin, size, root] = lines;
  let raw;
  try {
    raw = unbase64(root);
  } catch {
    throw new Unread("checkpointRoot");
  }
  if (raw.length !== HASH_BYTES) throw new Unread("checkpointRoot");
  return { origin, size: parseSize(size), root: raw };
}

/** @param {string} said */
export function parseSize(said) {
  if (!NUMBER.test(said) || BigInt(said) > SIZE_MAX) throw new Unread("checkpointSize");
  return BigInt(said);
}

/** A checkpoint of the log whose key this is. @param {string} note @param {Key} key */
export async function signedCheckpoint(note, key) {
  const head = parseCheckpoint(await opened(note, key));
  if (head.origin !== key.name) throw new Unread("checkpointLog");
  return head;
}

/**
 * When a witness signed; null where it has not.  What seems to be its signature and does not hold is a failure, not one fewer.
 * @param {string} text @param {Line[]} lines @param {Key} witness
 */
export async function cosignedAt(text, lines, witness) {
  let newest = null;
  for (const line of among(lines, witness)) {
    if (!(await holds(witness, utf8(text), line.signature))) throw new Failure("witnesses", "witnessSignature", { witness: witness.name });
    const at = saidAt(line.signature);
    newest = newest === null || at > newest ? at : newest;
  }
  try {
    return newest === null ? null : calendar(newest);
  } catch {
    throw new Failure("freshness", "calendar", { witness: witness.name });
  }
}
