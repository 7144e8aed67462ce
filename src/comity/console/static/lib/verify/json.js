// SPDX-License-Identifier: Apache-2.0
// JSON read strictly (no name twice, no half of a surrogate pair, no number rounded) and written in its one form, RFC 8785.

import { byPoints, text as decoded } from "./bytes.js";

const DEPTH_MAX = 200;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = new Set([" ", "\t", "\n", "\r"]);

/** A number that was not written as a whole one: it is none where a whole one is asked for, whatever its value. */
export class Real {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

/**
 * Whole numbers are numbers, or bigints where they are too large; objects have no prototype.
 * @param {Uint8Array | string} raw @returns {unknown} Throws for whatever is not JSON.
 */
export function parse(raw) {
  const said = typeof raw === "string" ? raw : decoded(raw);
  let at = 0;

  const refuse = () => {
    throw new SyntaxError(`no JSON at ${at}`);
  };
  const space = () => {
    while (SPACE.has(said[at])) at += 1;
  };
  const word = (letters, value) => {
    if (!said.startsWith(letters, at)) refuse();
    at += letters.length;
    return value;
  };

  function string() {
    const begin = at;
    let escaped = false;
    for (at += 1; said[at] !== '"'; at += 1) {
      if (!(said.charCodeAt(at) >= 0x20)) refuse();
      if (said[at] === "\\") {
        escaped = true;
        at += 1;
      }
    }
    at += 1;
    const value = escaped ? JSON.parse(said.slice(begin, at)) : said.slice(begin + 1, at - 1);
    if (escaped && !value.isWellFormed()) refuse();
    return value;
  }

  function number() {
    NUMBER.lastIndex = at;
    const found = NUMBER.exec(said) ?? refuse();
    at = NUMBER.lastIndex;
    const value = Number(found[0]);
    if (found[1] !== undefined || found[2] !== undefined) return new Real(value);
    return Number.isSafeInteger(value) ? value + 0 : BigInt(found[0]); // -0 is 0
  }

  /** Members or elements up to `end`, each read by `one`. */
  function many(end, one) {
    at += 1;
    space();
    while (said[at] !== end) {
      one();
      space();
      if (said[at] === end) break;
      if (said[at] !== ",") refuse();
      at += 1;
      space();
      if (said[at] === end) refuse();
    }
    at += 1;
  }

  function value(depth) {
    if (depth > DEPTH_MAX) refuse();
    space();
    const letter = said[at];
    if (letter === '"') return string();
    if (letter === "t") return word("true", true);
    if (letter === "f") return word("false", false);
    if (letter === "n") return word("null", null);
    if (letter === "[") {
      const list = [];
      many("]", () => list.push(value(depth + 1)));
      return list;
    }
    if (letter !== "{") return number();
    const members = Object.create(null);
    many("}", () => {
      if (said[at] !== '"') refuse();
      const name = string();
      if (name in members) refuse();
      space();
      if (said[at] !== ":") refuse();
      at += 1;
      members[name] = value(depth + 1);
    });
    return members;
  }

  const whole = value(0);
  space();
  if (at < said.length) refuse();
  return whole;
}

/** RFC 8785. @param {unknown} value @returns {string} Throws where it has no such form. */
export const canonical = (value) => spelled(value, undefined);

/** As `canonical`, with names by code points and whole numbers of any size: as the files of a report are. @param {unknown} value */
export const form = (value) => spelled(value, byPoints);

/** @param {unknown} value @param {((one: string, other: string) => number) | undefined} order @returns {string} */
function spelled(value, order) {
  if (typeof value === "bigint" && order) return String(value);
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new RangeError("half a surrogate pair");
    return JSON.stringify(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  if (value instanceof Real && Number.isFinite(value.value)) return String(value.value + 0);
  if (Array.isArray(value)) return `[${value.map((each) => spelled(each, order)).join(",")}]`;
  if (typeof value === "object" && !(value instanceof Real)) {
    const names = Object.keys(value).sort(order);
    return `{${names.map((name) => `${spelled(name, order)}:${spelled(value[name], order)}`).join(",")}}`;
  }
  throw new RangeError("no canonical form");
}
