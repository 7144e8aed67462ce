// SPDX-License-Identifier: Apache-2.0
// Whether a log has only grown since a head that was seen before (RFC 9162, 2.1.4.2).

import { unbase64 } from "./bytes.js";
import { ED25519, parseVkey } from "./keys.js";
import { consistencyHolds } from "./merkle.js";
import { signedCheckpoint } from "./note.js";

/**
 * The words of the answer, as what is wrong: "" (it has grown, or is the same), `old` or `new` (a head that this key has not signed),
 * `shrunk`, `proof` (what was seen is not the beginning of what there is).
 * @param {string} old @param {string} now signed heads @param {string[]} proof base64 @param {string} vkey
 * @returns {Promise<"" | "old" | "new" | "shrunk" | "proof">}
 */
export async function grown(old, now, proof, vkey) {
  const [before, after] = await Promise.all([head(old, vkey), head(now, vkey)]);
  if (before === null) return "old";
  if (after === null) return "new";
  if (after.size < before.size) return "shrunk";
  try {
    return consistencyHolds(before.size, after.size, before.root, after.root, proof.map(unbase64)) ? "" : "proof";
  } catch {
    return "proof"; // what is no base64 proves nothing
  }
}

/** The size that a head names once its key has signed it; else null. @param {string} note @param {string} vkey */
export const sizeOf = async (note, vkey) => Number((await head(note, vkey))?.size ?? NaN);

/** @param {string} note @param {string} vkey */
async function head(note, vkey) {
  try {
    return await signedCheckpoint(note, parseVkey(vkey, [ED25519]));
  } catch {
    return null;
  }
}
