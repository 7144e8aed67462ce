// SPDX-License-Identifier: Apache-2.0
// The packs' own text in a report (transparency/report/law.py): that it is what a policy digest stands for, and what it says.

import { parse as toml } from "../../vendor/smol-toml/parse.js";
import { byPoints, concat, hex, sha256, text as decoded, uint64, utf8 } from "./bytes.js";

const FIRST = ["pack.toml", "facts.toml", "tables.toml"];
const PART = /\/\/[^\n]*|@(?<name>[\p{L}\p{N}_]+)\s*\(\s*"(?<said>(?:\\.|[^"\\])*)"\s*\)|"(?:\\.|[^"\\])*(?:"|(?<open>\\?$))|(?<end>;)/gsu;
const ESCAPE = /\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))/gsu;
const SHORT = { n: "\n", r: "\r", t: "\t", 0: "\0" };
const ARTICLE = ["instrument", "article", "summary", "source", "confidence"];

/** @typedef {Map<string, Uint8Array>} Text the files of one pack that decide, by name, in the order of its digest */

/** @param {Text} files @returns {Text} */
export function ordered(files) {
  const names = [...FIRST.filter((name) => files.has(name)), ...[...files.keys()].filter((name) => !FIRST.includes(name)).sort(byPoints)];
  return new Map(names.map((name) => [name, /** @type {Uint8Array} */ (files.get(name))]));
}

/** @param {Text} text */
export const digestOf = (text) => hex(sha256(concat(...[...text].flatMap(([name, raw]) => [utf8(`${name}\0`), uint64(raw.length), raw]))));

/** `cn@0.1.0`. @param {Text} text */
export function nameOf(text) {
  const head = tomlOf(text, "pack.toml");
  return `${word(head.id)}@${word(head.version)}`;
}

/** @param {[string, string][]} packs by name and digest */
export const policyOf = (packs) => hex(sha256(utf8([...packs].sort(byPair).map((pair) => pair.join(" ")).join("\n"))));

/** @param {[string, string]} one @param {[string, string]} other */
const byPair = (one, other) => byPoints(one[0], other[0]) || byPoints(one[1], other[1]);

/** What `texts` (by pack) say of the ids named. @param {Map<string, Text>} texts @param {Set<string>} rules @param {Set<string>} facts */
export function told(texts, rules, facts) {
  const wanted = new Set(facts);
  const found = { rules: Object.create(null), articles: Object.create(null) };
  const packs = [...texts.keys()].sort(byPoints);
  for (const pack of packs) {
    for (const [name, raw] of /** @type {Text} */ (texts.get(pack))) {
      for (const said of name.endsWith(".cedar") ? policies(decoded(raw)) : []) {
        if (!rules.has(said.id)) continue;
        const rule = ruleOf(pack, said);
        (found.rules[said.id] ??= []).push(rule);
        rule.facts.forEach((fact) => wanted.add(fact));
      }
    }
  }
  for (const pack of packs) {
    for (const fact of Object.values(tomlOf(/** @type {Text} */ (texts.get(pack)), "facts.toml").facts ?? [])) {
      if (!wanted.has(fact.id)) continue;
      found.articles[fact.id] = bare(Object.fromEntries(ARTICLE.map((name) => [name, word(fact[name] ?? "")])));
    }
  }
  return found;
}

/** The annotations of each policy of a file, in order. @param {string} cedar @returns {Record<string, string>[]} */
export function policies(cedar) {
  const made = [];
  let here = Object.create(null);
  for (const { groups } of cedar.matchAll(PART)) {
    if (groups?.open !== undefined) throw new RangeError("a string has no end");
    if (groups?.end) {
      made.push(here);
      here = Object.create(null);
    } else if (groups?.name) {
      here[groups.name] = groups.said.replace(ESCAPE, meant);
    }
  }
  return made;
}

/** @param {string} _ @param {string | undefined} point @param {string | undefined} letter */
const meant = (_, point, letter) => (point ? String.fromCodePoint(Math.min(parseInt(point, 16), 0x10ffff)) : SHORT[letter] ?? letter);

/** @param {string} pack @param {Record<string, string>} said */
function ruleOf(pack, said) {
  const words = (name) => (said[name] ?? "").split(/\s+/).filter(Boolean);
  return bare({
    pack, valid_from: said.valid_from ?? "", valid_to: said.valid_to ?? "", text: said.text ?? "", text_zh: said.text_zh ?? "",
    facts: words("cite"), obligation: said.obligation ?? "", remedies: words("remedy"),
  });
}

/** Without a prototype, as JSON is read here. @param {Record<string, any>} members */
const bare = (members) => Object.assign(Object.create(null), members);

/** @param {unknown} value */
function word(value) {
  if (typeof value !== "string") throw new RangeError("no word");
  return value;
}

/** @param {Text} text @param {string} name @returns {any} */
const tomlOf = (text, name) => toml(decoded(text.get(name) ?? new Uint8Array()));
