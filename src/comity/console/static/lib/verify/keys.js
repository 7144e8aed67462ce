// SPDX-License-Identifier: Apache-2.0
// The keys of notes (C2SP signed-note, tlog-cosignature), and whether a signature is theirs.
//
// Ed25519 is the browser's own where it has it, and noble's where it has not: a page that came over plain http has none.  Both answer
// by one rule, RFC 8032 section 5.1.7 without the cofactor, as OpenSSL and the Web Cryptography API have it: a verdict must not depend on
// the browser.  ML-DSA-44 is noble's.

import { edwards } from "../../vendor/noble/curves/abstract/edwards.js";
import { sha512 } from "../../vendor/noble/hashes/sha2.js";
import { ml_dsa44 } from "../../vendor/noble/post-quantum/ml-dsa.js";
import { base64, concat, hex, printable, same, sha256, unbase64, utf8 } from "./bytes.js";
import { Unread } from "./failure.js";

export const ED25519 = 0x01;
export const COSIGNED_ED25519 = 0x04;
export const COSIGNED_MLDSA44 = 0x06;
export const COSIGNED = [COSIGNED_MLDSA44, COSIGNED_ED25519];
const PUBLIC_BYTES = { [ED25519]: 32, [COSIGNED_ED25519]: 32, [COSIGNED_MLDSA44]: 1312 };
const LINE_FEED = utf8("\n");

/** @typedef {{name: string, id: Uint8Array, public: Uint8Array, kind: number, vkey: string}} Key */

/** C2SP bars spaces and plus; letters that do not show are barred here, for names are shown to people. @param {string} name */
export const isName = (name) => name !== "" && printable(name) && !/[ +]/.test(name);

/** @param {string} text a C2SP verifier key @param {number[]} [kinds] that are taken; a log's own if none is named @returns {Key} */
export function parseVkey(text, kinds = [ED25519]) {
  const [name, id, ...rest] = text.split("+");
  let raw;
  try {
    raw = unbase64(rest.join("+"));
  } catch {
    throw new Unread("vkey");
  }
  const kind = raw[0];
  if (!kinds.includes(kind) || raw.length !== 1 + PUBLIC_BYTES[kind]) throw new Unread("vkeyKind");
  if (!isName(name)) throw new Unread("vkeyName");
  const found = sha256(utf8(name), LINE_FEED, raw).subarray(0, 4);
  if (id !== hex(found)) throw new Unread("vkeyId");
  return { name, id: found, public: raw.subarray(1), kind, vkey: `${name}+${id}+${base64(raw)}` };
}

/** @param {Uint8Array} key @param {Uint8Array} message @param {Uint8Array} signature */
export async function ed25519Holds(key, message, signature) {
  if (signature.length !== 64 || small(key) || small(signature.subarray(0, 32))) return false;
  const imported = await browserKey(key);
  return imported ? crypto.subtle.verify("Ed25519", imported, signature, message) : computed(key, message, signature);
}

/** @param {Uint8Array} key @param {Uint8Array} message @param {Uint8Array} signature */
export function mldsa44Holds(key, message, signature) {
  try {
    return ml_dsa44.verify(signature, message, key);
  } catch {
    return false;
  }
}

/** Null where the browser has no Ed25519. @param {Uint8Array} raw */
async function browserKey(raw) {
  try {
    return await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
}

// -- Ed25519, worked out ---------------------------------------------------------------------------------------------

const Point = edwards({
  p: 2n ** 255n - 19n,
  n: 2n ** 252n + 27742317777372353535851937790883648493n,
  h: 8n,
  a: 2n ** 255n - 20n,
  d: 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n,
  Gx: 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,
  Gy: 0x6666666666666666666666666666666666666666666666666666666666666658n,
});

/** @param {Uint8Array} raw little-endian */
const number = (raw) => BigInt(`0x${hex(raw.toReversed())}`);

/** Points of which eight make nothing: whose signatures stand for nothing, so that browsers differ about them.  By their 255 bits. */
const SMALL = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ...["ec", "ed", "ee"].map((first) => `${first}${"ff".repeat(30)}7f`),
]);

/** @param {Uint8Array} point */
const small = (point) => SMALL.has(hex(Uint8Array.from(point, (byte, at) => (at === 31 ? byte & 0x7f : byte))));

/** @param {Uint8Array} key @param {Uint8Array} message @param {Uint8Array} signature */
function computed(key, message, signature) {
  const [r, s] = [signature.subarray(0, 32), number(signature.subarray(32))];
  if (s >= Point.Fn.ORDER) return false;
  let own;
  try {
    own = Point.fromBytes(key, true);
  } catch {
    return false; // no point of the curve
  }
  const challenge = number(sha512(concat(r, key, message))) % Point.Fn.ORDER;
  return same(Point.BASE.multiplyUnsafe(s).subtract(own.multiplyUnsafe(challenge)).toBytes(), r);
}
