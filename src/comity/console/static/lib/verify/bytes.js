// SPDX-License-Identifier: Apache-2.0
// Bytes and their spellings.  Each has one: whatever could be spelled in two ways is refused.

import { sha256 as hash } from "../../vendor/noble/hashes/sha2.js";

const CHUNK = 0x8000;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/u;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {...Uint8Array} parts */
export const sha256 = (...parts) => hash(parts.length === 1 ? parts[0] : concat(...parts));

/** One that takes a file piece by piece: `update(bytes)`, `digest()`. */
export const hasher = () => hash.create();

/** @param {string} text @returns {Uint8Array} Throws where it holds half of a surrogate pair. */
export function utf8(text) {
  if (!text.isWellFormed()) throw new RangeError("half a surrogate pair");
  return encoder.encode(text);
}

/** @param {Uint8Array} raw @returns {string} Throws where it is not UTF-8. */
export const text = (raw) => decoder.decode(raw);

/** @param {string} said @returns {Uint8Array} RFC 4648 section 4, in its one spelling; throws for any other. */
export function unbase64(said) {
  if (!BASE64.test(said)) throw new RangeError("not base64");
  const raw = Uint8Array.from(atob(said), (letter) => letter.charCodeAt(0));
  if (base64(raw) !== said) throw new RangeError("not canonical base64");
  return raw;
}

/** @param {Uint8Array} raw */
export function base64(raw) {
  let letters = "";
  for (let at = 0; at < raw.length; at += CHUNK) letters += String.fromCharCode(...raw.subarray(at, at + CHUNK));
  return btoa(letters);
}

/** @param {Uint8Array} raw */
export const hex = (raw) => Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {...Uint8Array} parts */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} one @param {Uint8Array} other */
export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** Eight bytes, big-endian. @param {bigint | number} number */
export function uint64(number) {
  const raw = new Uint8Array(8);
  new DataView(raw.buffer).setBigUint64(0, BigInt(number));
  return raw;
}

/** Whether each letter shows, as Python's `isprintable` has it. @param {string} said */
export const printable = (said) => !UNPRINTABLE.test(said);

/** By code points, which for rare letters is not the order of JavaScript's own code units. @param {string} one @param {string} other */
export function byPoints(one, other) {
  const left = one[Symbol.iterator]();
  const right = other[Symbol.iterator]();
  for (;;) {
    const [a, b] = [left.next(), right.next()];
    if (a.done || b.done) return Number(!a.done) - Number(!b.done);
    if (a.value !== b.value) return a.value.codePointAt(0) - b.value.codePointAt(0);
  }
}
