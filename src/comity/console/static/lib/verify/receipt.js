// SPDX-License-Identifier: Apache-2.0
// A receipt's bundle, by the five steps of `comity log verify` (transparency/verify.py):
//
//   1. shape       the bundle is one of ours, and so is the receipt in it
//   2. key         the verifier key is one, and a pinned one where keys were pinned
//   3. signature   the receipt was signed by that key (Ed25519 over its RFC 8785 form)
//   4. checkpoint  the tree head was signed by that key, for that log
//   5. inclusion   the salted receipt is a leaf of that tree (RFC 9162 section 2.1.3.2)

import { hex, printable, sha256, unbase64, utf8 } from "./bytes.js";
import { Failure, read, within } from "./failure.js";
import { canonical } from "./json.js";
import { holds, opened, parseCheckpoint, SIZE_MAX } from "./note.js";
import { parseVkey } from "./keys.js";
import { inclusionHolds, leafHash } from "./merkle.js";
import * as shapes from "./shapes.js";

export const STEPS = ["shape", "key", "signature", "checkpoint", "inclusion"];
export const SALT_BYTES = 32;
const PROOF_HASHES_MAX = 64;
const CONSENT = utf8("comity.consent.v1\0");

/** @param {Uint8Array} salt @param {Uint8Array} form of the receipt */
export const leafOf = (salt, form) => leafHash(sha256(salt, form));

/** What a receipt's `consent` is. @param {Uint8Array} salt @param {string[]} grounds */
export const commitment = (salt, grounds) => (grounds.length ? hex(sha256(CONSENT, salt, utf8(canonical(grounds)))) : "");

/**
 * @param {any} bundle as JSON has it @param {string[]} vkeys pinned @param {import("./index.js").Hold} [hold]
 */
export async function verifyReceipt(bundle, vkeys, hold = () => {}) {
  shaped(bundle);
  hold("shape"); // 1
  const key = keyOf(bundle, vkeys);
  hold("key", !vkeys.length); // 2
  const form = within("shape", "receiptForm", () => utf8(canonical(bundle.receipt)));
  if (!(await holds(key, form, spelled(bundle.signature, "signature")))) throw new Failure("signature", "receiptSignature");
  hold("signature"); // 3
  const head = await headOf(bundle.checkpoint, key);
  if (head.origin !== key.name || head.origin !== bundle.receipt.issuer) throw new Failure("checkpoint", "headLog");
  const [salt, proof] = [spelled(bundle.salt, "shape"), bundle.inclusion.map((each) => spelled(each, "inclusion"))];
  if (salt.length !== SALT_BYTES) throw new Failure("shape", "salt");
  hold("checkpoint"); // 4
  if (!inclusionHolds(BigInt(bundle.index), head.size, leafOf(salt, form), proof, head.root)) throw new Failure("inclusion", "notInLog");
  hold("inclusion"); // 5
  return { receipt: bundle.receipt, index: Number(bundle.index), size: Number(head.size), origin: head.origin, vkey: key.vkey };
}

/** @param {any} bundle */
function shaped(bundle) {
  if (!shapes.bundle(bundle)) throw new Failure("shape", "bundle");
  if (bundle.format !== shapes.RECEIPT_FORMAT) throw new Failure("shape", "bundleFormat");
  if (!shapes.receipt(bundle.receipt)) throw new Failure("shape", "receipt");
  if (!shapes.textsOf(bundle.receipt).every(printable)) throw new Failure("shape", "unprintable");
  if (bundle.inclusion.length > PROOF_HASHES_MAX || bundle.index < 0 || bundle.index > SIZE_MAX) throw new Failure("shape", "place");
}

/** @param {any} bundle @param {string[]} vkeys */
function keyOf(bundle, vkeys) {
  const pinned = read("key", () => vkeys.map((vkey) => parseVkey(vkey)));
  const key = vkeys.length ? pinned.find((each) => each.vkey === bundle.vkey) : read("key", () => parseVkey(bundle.vkey));
  if (!key) throw new Failure("key", "otherLog");
  if (bundle.receipt.key !== hex(key.id)) throw new Failure("key", "otherKey");
  return key;
}

/** @param {string} note @param {import("./keys.js").Key} key */
export async function headOf(note, key) {
  try {
    return parseCheckpoint(await opened(note, key));
  } catch (error) {
    return read("checkpoint", () => {
      throw error;
    });
  }
}

/** @param {string} said @param {string} step */
const spelled = (said, step) => within(step, "base64", () => unbase64(said));
