// SPDX-License-Identifier: Apache-2.0
// What does not hold: by the step that Python names (`trust.STEP`), and a word for the reason that the catalogs of `verify` have.

export class Failure extends Error {
  /** @param {string} step @param {string} why a key under `verify.why` @param {Record<string, string | number>} [params] */
  constructor(step, why, params = {}) {
    super(`${step}: ${why}`);
    this.step = step;
    this.why = why;
    this.params = params;
  }
}

/**
 * What `work` comes to; whatever it throws, a `Failure` of its own but for one that says more, is one of this step.
 * @template T @param {string} step @param {string} why @param {() => T} work @returns {T}
 */
export function within(step, why, work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(step, why);
  }
}

/** What a parser refuses, for whoever knows which step it is of. */
export class Unread extends Error {
  /** @param {string} why a key under `verify.why` */
  constructor(why) {
    super(why);
    this.why = why;
  }
}

/** @template T @param {string} step @param {() => T} work @returns {T} What it could not read is a failure of this step. */
export function read(step, work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Unread) throw new Failure(step, error.why);
    throw error;
  }
}
