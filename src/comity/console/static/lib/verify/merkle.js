// SPDX-License-Identifier: Apache-2.0
// The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): its hashes, and whether a proof holds.  Sizes are bigints.

import { same, sha256 } from "./bytes.js";

export const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** @param {Uint8Array} entry */
export const leafHash = (entry) => sha256(LEAF, entry);

/** @param {Uint8Array} left @param {Uint8Array} right */
export const nodeHash = (left, right) => sha256(NODE, left, right);

const odd = (number) => (number & 1n) === 1n;

/**
 * RFC 9162 section 2.1.3.2.
 * @param {bigint} index @param {bigint} size @param {Uint8Array} leaf @param {Uint8Array[]} proof @param {Uint8Array} root
 */
export function inclusionHolds(index, size, leaf, proof, root) {
  if (index < 0n || index >= size || [leaf, root, ...proof].some((each) => each.length !== HASH_BYTES)) return false;
  let [fn, sn, here] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    if (sn === 0n) return false;
    if (odd(fn) || fn === sn) {
      here = nodeHash(sibling, here);
      while (!odd(fn) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      here = nodeHash(here, sibling);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && same(here, root);
}

/**
 * RFC 9162 section 2.1.4.2.
 * @param {bigint} old @param {bigint} size @param {Uint8Array} oldRoot @param {Uint8Array} root @param {Uint8Array[]} proof
 */
export function consistencyHolds(old, size, oldRoot, root, proof) {
  if (old <= 0n || old > size) return false;
  if (old === size) return !proof.length && same(oldRoot, root);
  const path = (old & (old - 1n)) === 0n ? [oldRoot, ...proof] : proof;
  if (!path.length) return false;
  let [fn, sn] = [old - 1n, size - 1n];
  while (odd(fn)) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [first, second] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    if (sn === 0n) return false;
    if (odd(fn) || fn === sn) {
      [first, second] = [nodeHash(sibling, first), nodeHash(sibling, second)];
      while (!odd(fn) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      second = nodeHash(second, sibling);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && same(first, oldRoot) && same(second, root);
}

/**
 * The root of a tree of `size` from the leaves at `places` (ascending), and `given(level, index)` for each largest complete subtree
 * that holds none of them: one proof for many leaves.
 * @param {bigint} size @param {bigint[]} places @param {(place: number) => Uint8Array} leaf by its number in `places`
 * @param {(level: number, index: bigint) => Uint8Array} given
 * @param {(left: Uint8Array, right: Uint8Array) => Uint8Array} [join]
 */
export function rootOf(size, places, leaf, given, join = nodeHash) {
  /** The number of the first place that is not before `begin`. */
  const first = (begin) => {
    let [low, high] = [0, places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[middle] < begin) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const node = (level, index) => {
    const begin = index << BigInt(level);
    const at = first(begin);
    if (at === places.length || places[at] >= begin + (1n << BigInt(level))) return given(level, index);
    return level ? join(node(level - 1, 2n * index), node(level - 1, 2n * index + 1n)) : leaf(at);
  };
  let here;
  for (let [level, end] = [0, size]; end > 0n; level += 1) {
    if (!(end >> BigInt(level) & 1n)) continue;
    end -= 1n << BigInt(level);
    const peak = node(level, end >> BigInt(level));
    here = here === undefined ? peak : join(peak, here);
  }
  return here;
}
