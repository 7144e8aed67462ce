// SPDX-License-Identifier: Apache-2.0
// What is trusted from the start: a log's keys, witnesses, and the node logs that entries must prove.  They come from the caller, and
// where from is part of every result: keys that the gateway itself hands out show that it agrees with itself, not whose log it is.

import { parse as toml } from "../../vendor/smol-toml/parse.js";
import { Failure, read, within } from "./failure.js";
import { COSIGNED, ED25519, parseVkey } from "./keys.js";
import { keysOf } from "./trust.js";

const QUORUM = 2;
const AGE_SECONDS_MAX = 86_400;

/**
 * @typedef {object} Anchors
 * @property {"file" | "gateway" | "none"} source
 * @property {string[]} vkeys of logs; where there are none, a bundle's own key is used
 * @property {string[]} witnesses all of which must have signed the head that was published
 * @property {import("./trust.js").Trust[]} trusts node logs, with the quorum of witnesses of each
 */

/** @type {Anchors} */
export const NONE = Object.freeze({ source: "none", vkeys: [], witnesses: [], trusts: [] });

/** Of the gateway's own `/comity/v1/log`. @param {{vkey: string}} log @returns {Anchors} */
export const fromGateway = (log) => ({ ...NONE, source: "gateway", vkeys: [log.vkey] });

/**
 * Of a file that a person keeps: keys, one a line (`comity log key`, those of witnesses too), or the TOML file of `--trust`.
 * @param {string} text @returns {Anchors} Throws `Failure`, step `anchors`.
 */
export function fromText(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  if (lines.some((line) => line.includes("=") && !isKey(line))) return { ...NONE, source: "file", trusts: trustsOf(text) };
  const keys = read("anchors", () => lines.map((line) => parseVkey(line, [ED25519, ...COSIGNED])));
  const of = (log) => keys.filter(({ kind }) => (kind === ED25519) === log).map(({ vkey }) => vkey);
  if (!keys.length) throw new Failure("anchors", "anchorsEmpty");
  return { ...NONE, source: "file", vkeys: of(true), witnesses: of(false) };
}

/** @param {Anchors[]} all @returns {Anchors} Their keys together: what came from the gateway leaves its mark on all. */
export const together = (...all) => ({
  source: all.find(({ source }) => source === "gateway")?.source ?? all.at(-1)?.source ?? "none",
  vkeys: [...new Set(all.flatMap(({ vkeys }) => vkeys))],
  witnesses: [...new Set(all.flatMap(({ witnesses }) => witnesses))],
  trusts: all.flatMap(({ trusts }) => trusts),
});

/** As Python takes them before it looks at anything else. @param {Anchors} anchors @returns {Anchors} */
export function checked(anchors) {
  anchors.trusts.forEach(keysOf);
  const trimmed = (keys) => keys.map((key) => key.trim());
  return { ...anchors, vkeys: trimmed(anchors.vkeys), witnesses: trimmed(anchors.witnesses) };
}

/** @param {string} line */
function isKey(line) {
  try {
    return Boolean(parseVkey(line, [ED25519, ...COSIGNED]));
  } catch {
    return false;
  }
}

/** Each table `trust`, at the top or of a deployment. @param {string} text */
function trustsOf(text) {
  return within("anchors", "anchorsFile", () => {
    const said = /** @type {any} */ (toml(text));
    const tables = [said, ...(said.deployments ?? [])].flatMap((each) => each.trust ?? []);
    const found = tables.map((table) => ({
      log: String(table.log), witnesses: (table.witnesses ?? []).map(String), quorum: Number(table.quorum ?? QUORUM),
      ageSecondsMax: Number(table.checkpoint_seconds_max ?? AGE_SECONDS_MAX),
    }));
    if (!found.length) throw new Failure("anchors", "anchorsEmpty");
    found.forEach(keysOf);
    return found;
  });
}
