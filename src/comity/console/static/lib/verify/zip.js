// SPDX-License-Identifier: Apache-2.0
// A report's zip, read as what a stranger sent (transparency/report/archive.py): bounded before it is unpacked and while it is, whatever
// its directory claims; its names are those of a report and no others, each once.  Whatever is amiss is of the step `archive`.

import { text } from "./bytes.js";
import { Failure } from "./failure.js";

const MEMBERS_MAX = 2_048;
const LINE_BYTES_MAX = 1 << 20;
const MEMBER_BYTES_MAX = { "receipts.jsonl": 1 << 30, "proof.json": 1 << 27, "manifest.json": 1 << 20, "manifest.note": 1 << 20 };
const OTHER_BYTES_MAX = 1 << 24;
const REST_BYTES_MAX = 1 << 28; // all together but the receipts
const DIRECTORY_BYTES_MAX = 1 << 24;
const NAME = new RegExp(
  "^(?:receipts\\.jsonl|proof\\.json|checkpoint|witnessed\\.json|laws\\.json|evidence\\.json|report\\.html|README\\.txt" +
    "|manifest\\.json|manifest\\.note|laws/[a-z0-9][a-z0-9.@-]{0,98}/[a-z0-9_-]{1,60}\\.(?:toml|cedar)" +
    "|nodes/[0-9a-f]{64}\\.(?:entry|proof))$",
);
const NEEDED = [
  "receipts.jsonl", "proof.json", "checkpoint", "witnessed.json", "laws.json", "evidence.json", "report.html", "README.txt",
  "manifest.json", "manifest.note",
];
const [END, CENTRAL, LOCAL, LOCATOR_64] = [0x06054b50, 0x02014b50, 0x04034b50, 0x07064b50];
const [END_BYTES, CENTRAL_BYTES, LOCAL_BYTES, LOCATOR_64_BYTES, COMMENT_BYTES_MAX] = [22, 46, 30, 20, 0xffff];
const [STORED, DEFLATED] = [0, 8];
const LOCKED = 0x61; // encrypted, patched, or encrypted strongly
const VERSION_MAX = 63;
const NEW_LINE = 0x0a;

/** @typedef {{name: string, at: number, packed: number, size: number, kind: number, crc: number}} Member */

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let here = byte;
  for (let bit = 0; bit < 8; bit += 1) here = here & 1 ? (here >>> 1) ^ 0xedb88320 : here >>> 1;
  return here;
});

/** @param {string} why @param {Record<string, string | number>} [params] */
const failed = (why, params) => new Failure("archive", why, params);

export class Archive {
  /** @param {Blob} file @param {Map<string, Member>} members */
  constructor(file, members) {
    this.file = file;
    this.members = members;
  }

  /** @param {Blob} file */
  static async open(file) {
    const { begin, end, moved } = await directory(file);
    const raw = await bytes(file, begin, end);
    const members = new Map();
    for (let at = 0; at < raw.length; ) {
      const [member, next] = listed(raw, at, moved);
      if (members.size >= MEMBERS_MAX) throw failed("tooManyFiles", { most: MEMBERS_MAX });
      if (members.has(member.name)) throw failed("fileTwice", { file: member.name });
      members.set(member.name, member);
      at = next;
    }
    const missing = NEEDED.find((name) => !members.has(name));
    if (missing) throw failed("fileMissing", { file: missing });
    const rest = [...members.values()].reduce((sum, { name, size }) => sum + (name === "receipts.jsonl" ? 0 : size), 0);
    if (rest > REST_BYTES_MAX) throw failed("tooLarge", { most: REST_BYTES_MAX });
    return new Archive(file, members);
  }

  /** @param {string} name */
  size(name) {
    return /** @type {Member} */ (this.members.get(name)).size;
  }

  /**
   * No more bytes than its directory claims, which was held against the limits.
   * @param {string} name @returns {AsyncGenerator<Uint8Array>}
   */
  async *pieces(name) {
    const member = /** @type {Member} */ (this.members.get(name));
    let [left, crc] = [member.size, 0xffffffff];
    const reader = (await unpacked(this.file, member)).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read().catch(() => {
          throw failed("fileAltered", { file: name });
        });
        if (done) break;
        left -= value.length;
        if (left < 0) throw failed("fileAltered", { file: name });
        for (const byte of value) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {}); // of what failed there is nothing to cancel
    }
    if (left || (crc ^ 0xffffffff) >>> 0 !== member.crc) throw failed("fileAltered", { file: name });
  }

  /** @param {string} name */
  async whole(name) {
    const made = new Uint8Array(this.size(name));
    let at = 0;
    for await (const piece of this.pieces(name)) {
      made.set(piece, at);
      at += piece.length;
    }
    return made;
  }

  /** @param {string} name */
  async text(name) {
    const raw = await this.whole(name);
    try {
      return text(raw);
    } catch {
      throw failed("fileText", { file: name });
    }
  }

  /** Without their ends, none longer than may be. @param {string} name @returns {AsyncGenerator<Uint8Array>} */
  async *lines(name) {
    let kept = new Uint8Array();
    for await (const piece of this.pieces(name)) {
      let begin = 0;
      for (let end = piece.indexOf(NEW_LINE); end >= 0; end = piece.indexOf(NEW_LINE, begin)) {
        yield joined(kept, piece.subarray(begin, end), name);
        kept = new Uint8Array();
        begin = end + 1;
      }
      kept = joined(kept, piece.subarray(begin), name);
    }
    if (kept.length) yield kept;
  }
}

/** @param {Uint8Array} one @param {Uint8Array} other @param {string} name */
function joined(one, other, name) {
  if (one.length + other.length > LINE_BYTES_MAX) throw failed("lineTooLong", { file: name, most: LINE_BYTES_MAX });
  const whole = new Uint8Array(one.length + other.length);
  whole.set(one);
  whole.set(other, one.length);
  return whole;
}

/** @param {Blob} file @param {number} begin @param {number} end */
const bytes = async (file, begin, end) => new Uint8Array(await file.slice(begin, end).arrayBuffer());

/** Where the directory of a zip stands: found from its end, as Python finds it. @param {Blob} file */
async function directory(file) {
  const tail = await bytes(file, Math.max(file.size - END_BYTES - COMMENT_BYTES_MAX, 0), file.size);
  const view = new DataView(tail.buffer);
  let at = tail.length - 4;
  while (at >= 0 && view.getUint32(at, true) !== END) at -= 1;
  if (at < 0 || at + END_BYTES > tail.length) throw failed("noZip");
  if (at >= LOCATOR_64_BYTES && view.getUint32(at - LOCATOR_64_BYTES, true) === LOCATOR_64) throw failed("noZip"); // larger than any report
  const end = file.size - tail.length + at;
  const size = view.getUint32(at + 12, true);
  if (size > Math.min(end, DIRECTORY_BYTES_MAX)) throw failed("noZip");
  return { begin: end - size, end, moved: end - size - view.getUint32(at + 16, true) };
}

/**
 * One member of the directory, and where the next begins.  `moved`: by how much all stands further on than it says.
 * @param {Uint8Array} raw @param {number} at @param {number} moved @returns {[Member, number]}
 */
function listed(raw, at, moved) {
  const view = new DataView(raw.buffer);
  if (at + CENTRAL_BYTES > raw.length || view.getUint32(at, true) !== CENTRAL) throw failed("noZip");
  const short = (offset) => view.getUint16(at + offset, true);
  const long = (offset) => view.getUint32(at + offset, true);
  if (raw[at + 6] > VERSION_MAX) throw failed("noZip");
  const named = at + CENTRAL_BYTES + short(28);
  const name = String.fromCharCode(...raw.subarray(at + CENTRAL_BYTES, named));
  const more = Math.min(named + short(30), raw.length);
  for (let field = named; field + 4 <= more; field += 4 + view.getUint16(field + 2, true)) {
    if (field + 4 + view.getUint16(field + 2, true) > more) throw failed("noZip");
  }
  if (!NAME.test(name)) throw failed("fileOfNoReport", { file: shown(name) });
  if (short(8) & LOCKED || ![STORED, DEFLATED].includes(short(10))) throw failed("filePacked", { file: name });
  const most = MEMBER_BYTES_MAX[name] ?? OTHER_BYTES_MAX;
  if (long(24) > most) throw failed("fileTooLarge", { file: name, most });
  return [{ name, at: long(42) + moved, packed: long(20), size: long(24), kind: short(10), crc: long(16) }, more + short(32)];
}

/** @param {Blob} file @param {Member} member @returns {Promise<ReadableStream<Uint8Array>>} */
async function unpacked(file, { name, at, packed, size, kind }) {
  const head = await bytes(file, Math.max(at, 0), at + LOCAL_BYTES);
  const view = new DataView(head.buffer);
  if (at < 0 || head.length < LOCAL_BYTES || view.getUint32(0, true) !== LOCAL) throw failed("fileAltered", { file: name });
  const [named, extra] = [view.getUint16(26, true), view.getUint16(28, true)];
  const there = await bytes(file, at + LOCAL_BYTES, at + LOCAL_BYTES + named);
  if (String.fromCharCode(...there) !== name) throw failed("fileAltered", { file: name });
  const begin = at + LOCAL_BYTES + named + extra;
  if (begin + packed > file.size || (kind === STORED && packed !== size)) throw failed("fileAltered", { file: name });
  const stream = file.slice(begin, begin + packed).stream();
  return kind === STORED ? stream : stream.pipeThrough(new DecompressionStream("deflate-raw"));
}

/** A name that somebody else gave, so that it can be shown. @param {string} name */
export const shown = (name) => JSON.stringify(name).slice(1, -1).replace(/[^ -~]/g, "?").slice(0, 80);
