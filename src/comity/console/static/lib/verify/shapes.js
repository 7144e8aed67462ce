// SPDX-License-Identifier: Apache-2.0
// What each form holds: all of its members and no other, each of its kind.

/** @typedef {(value: unknown) => boolean} Kind */

export const HASH_HEX = /^[0-9a-f]{64}$/;

/** @type {Kind} */ export const text = (value) => typeof value === "string";
/** @type {Kind} */ export const whole = (value) => typeof value === "number" || typeof value === "bigint";
/** @type {Kind} */ export const truth = (value) => typeof value === "boolean";
/** @type {Kind} */ export const object = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
/** @param {Kind} kind @returns {Kind} */ export const maybe = (kind) => (value) => value === null || kind(value);
/** @param {Kind} kind @returns {Kind} */ export const list = (kind) => (value) => Array.isArray(value) && value.every(kind);
/** @param {...Kind} kinds @returns {Kind} */
export const tuple = (...kinds) => (value) =>
  Array.isArray(value) && value.length === kinds.length && kinds.every((kind, at) => kind(value[at]));
/** @param {Kind} kind @returns {Kind} */ export const named = (kind) => (value) => object(value) && Object.values(value).every(kind);
/** @param {...string} words @returns {Kind} */ export const oneOf = (...words) => (value) => words.includes(value);
/** @param {Record<string, Kind>} members @returns {Kind} */
export const shape = (members) => (value) =>
  object(value) && Object.keys(value).length === Object.keys(members).length
  && Object.entries(members).every(([name, kind]) => name in value && kind(value[name]));

// -- receipts --------------------------------------------------------------------------------------------------------

export const RECEIPT_FORMAT = "comity.receipt.v1";
const FIRST = {
  id: text, at: text, issuer: text, key: text, effect: text, source: text, destination: list(text), deployment: text, stand_in: truth,
  reasons: list(text), rules: list(text), obligations: list(text), packs: list(text), policy: text, plaintext_at: text, level: text,
  size_bucket: whole, retention_months: maybe(whole), version: whole,
};
const OF_VERSION = new Map([[1, shape(FIRST)], [2, shape({ ...FIRST, node: text, sealed: text, consent: text })]]);
/** @type {Kind} Of its own version: what a reader would fill in is not what was signed. */
export const receipt = (value) => object(value) && (OF_VERSION.get(value.version)?.(value) ?? false);
export const bundle = shape({
  format: text, receipt: object, salt: text, signature: text, index: whole, inclusion: list(text), checkpoint: text, vkey: text,
});

/** What a receipt says in words. @param {Record<string, any>} said @returns {string[]} */
export const textsOf = (said) => Object.values(said).flat().filter(text);

// -- entries of nodes ------------------------------------------------------------------------------------------------

export const ENTRY_FORMAT = "comity.node-entry.v1";
export const entry = shape({
  format: text, pool: text, operator: text, region: text, url: text, receipts: text, key: text, since: text, until: text,
  level: oneOf("A0", "A1", "A2", "A3"), evidence: text, image: text, egress: list(text), plaintext_at: oneOf("node", "upstream"),
  processing: list(text), labels: list(text), retention_months: maybe(whole), content_seconds_max: whole, policy: text,
  padding_bytes_min: whole, event_bytes_min: whole, beat_milliseconds: whole,
});

// -- reports ---------------------------------------------------------------------------------------------------------

export const REPORT_FORMAT = "comity.report.v1";
export const RECEIPTS_MAX = 200_000;
export const row = shape({
  index: whole, request: text, receipt: object, salt: text, grounds: list(text),
  outcome: maybe(shape({ at: text, status: text, sealed: text })), received: maybe(object),
});
export const shared = shape({ nodes: list(tuple(whole, whole, text)) });
export const witnessed = shape({ checkpoint: text, consistency: list(text) });
const told = shape({
  pack: text, valid_from: text, valid_to: text, text, text_zh: text, facts: list(text), obligation: text, remedies: list(text),
});
const article = shape({ instrument: text, article: text, summary: text, source: text, confidence: text });
export const laws = shape({ packs: named(list(tuple(text, text))), rules: named(list(told)), articles: named(article) });
export const evidence = list(shape({
  number: whole, kind: text, scope: text, document_sha256: text, approver: text, at: text, valid_from: text, valid_to: text,
}));
export const manifest = shape({
  format: text, made_at: text, made_by: text, issuer: text, vkey: text, about: oneOf("person", "home"), since: text, before: text,
  receipts: whole, size: whole, files: list(shape({ name: text, bytes: whole, sha256: text })),
});
