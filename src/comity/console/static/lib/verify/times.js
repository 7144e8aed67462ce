// SPDX-License-Identifier: Apache-2.0
// Moments as receipts, entries and reports write them.  What is not written so throws.

const MINUTE = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})Z$/;
const SECOND = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/;
const EDGE = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{3}|\d{6}))?)?(?:Z|([+-])(\d{2}):(\d{2})(?::(\d{2}))?)$/;
const SECONDS_MAX = 253_402_300_799n; // the last of the year 9999

/** Milliseconds since 1970 of a moment of that calendar. @param {...number} parts */
function moment(year, month, day, hour, minute, second = 0) {
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second);
  const found = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
  if (year < 1 || found.join() !== [year, month, day, hour, minute, second].join()) throw new RangeError("no such moment");
  return at.getTime();
}

/** @param {RegExp} pattern @param {string} said */
function parts(pattern, said) {
  const found = pattern.exec(said);
  if (!found) throw new RangeError("not written as a moment");
  return found;
}

/** `2026-11-23T12:00Z`, in milliseconds. @param {string} said */
export const minute = (said) => moment(...parts(MINUTE, said).slice(1).map(Number));

/** `2026-11-23T12:00:00Z`, in milliseconds. @param {string} said */
export const second = (said) => moment(...parts(SECOND, said).slice(1).map(Number));

/**
 * The edge of a report's time: its microsecond, and that of the beginning of its minute; null where it has none.
 * @param {string} said @returns {{at: bigint, floor: bigint} | null}
 */
export function edge(said) {
  if (!said) return null;
  const [, year, month, day, hour, minute_, second_ = "0", fraction = "", sign, ...zone] = parts(EDGE, said);
  const [hours, minutes, seconds] = zone.map((each) => Number(each ?? 0));
  if (hours > 23 || minutes > 59 || seconds > 59) throw new RangeError("no such zone");
  const local = moment(...[year, month, day, hour, minute_].map(Number));
  moment(...[year, month, day, hour, minute_, second_].map(Number));
  const offset = (sign === "-" ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds);
  const floor = BigInt(local - offset * 1000) * 1000n;
  return { at: floor + BigInt(Number(second_) * 1_000_000 + Number(fraction.padEnd(6, "0"))), floor };
}

/** Seconds since 1970 as a date; throws where no calendar has it. @param {bigint} seconds */
export function calendar(seconds) {
  if (seconds > SECONDS_MAX) throw new RangeError("no calendar has it");
  return new Date(Number(seconds) * 1000);
}
