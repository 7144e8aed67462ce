// SPDX-License-Identifier: Apache-2.0
// The gateway's own HTTP API, same origin, by the session's cookie.  Nothing here knows another host.

const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const SIGNED_OUT = "comity-signed-out";
const AGAIN_MS = 5_000;
let csrf = "";

/** What the gateway refused or failed at, in its own words. */
export class ApiError extends Error {
  /** @param {number} status @param {any} body @param {Headers} [headers] */
  constructor(status, body, headers) {
    const said = body?.error ?? {};
    super(said.message ?? `HTTP ${status}`);
    this.status = status;
    /** @type {string} */ this.code = said.code ?? "";
    /** @type {string} */ this.hint = said.hint ?? "";
    /** @type {string} */ this.field = said.param ?? "";
    /** @type {string} */ this.request = said.request ?? "";
    this.body = body;
    this.headers = headers;
  }
}

/** The session's token against forged requests. @param {string} token */
export function sendCsrf(token) {
  csrf = token;
}

/** Called where the gateway no longer knows the session. @param {() => void} call */
export function onSignedOut(call) {
  addEventListener(SIGNED_OUT, call);
}

/** @param {string} path @param {Record<string, any>} [query] @param {{signal?: AbortSignal}} [options] @returns {Promise<any>} */
export async function get(path, query, { signal } = {}) {
  return parsed(await asked("GET", withQuery(path, query), undefined, { signal }));
}

/** @param {string} path @param {any} body @param {{signal?: AbortSignal, headers?: Record<string, string>}} [options] @returns {Promise<any>} */
export async function post(path, body, options = {}) {
  return parsed(await asked("POST", path, body, options));
}

/** @param {string} path @returns {Promise<any>} */
export async function remove(path) {
  return parsed(await asked("DELETE", path));
}

/**
 * Posts and reads an answer that comes as server-sent events: each is told to `onChunk` once it is whole.
 * `onHead` gets the answer's headers before the first of them.  An answer that breaks off in an error raises it.
 * @param {string} path @param {any} body @param {(data: any) => void} onChunk
 * @param {{signal?: AbortSignal, headers?: Record<string, string>, onHead?: (headers: Headers) => void}} [options]
 * @returns {Promise<Headers>}
 */
export async function stream(path, body, onChunk, { signal, headers, onHead } = {}) {
  const answer = await asked("POST", path, body, { signal, headers });
  onHead?.(answer.headers);
  for await (const data of dataLines(answer)) {
    if (data === "[DONE]") break;
    const said = JSON.parse(data);
    if (said.error) throw new ApiError(answer.status, said, answer.headers);
    onChunk(said);
  }
  return answer.headers;
}

/**
 * Server-sent events until `close()` is called.  A connection that is lost is made again, from where it was, also where the browser gives up;
 * then `dropped` is told, as something may have been missed.
 * @param {string} path @param {(event: {type: string, id: string, data: any}) => void} onEvent
 * @param {{names?: string[], onState?: (open: boolean) => void}} [options] `names`: the kinds of event listened to
 * @returns {() => void} close
 */
export function events(path, onEvent, { names = ["decision", "dropped"], onState } = {}) {
  /** @type {EventSource} */ let source;
  let timer = 0;
  let lost = false;
  const begin = () => {
    source = new EventSource(path);
    for (const name of names) {
      source.addEventListener(name, (event) => onEvent({ type: name, id: event.lastEventId, data: event.data ? JSON.parse(event.data) : null }));
    }
    source.onopen = () => {
      onState?.(true);
      if (lost) onEvent({ type: "dropped", id: "", data: null });
      lost = false;
    };
    source.onerror = () => {
      onState?.(false);
      lost = true;
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(begin, AGAIN_MS);
    };
  };
  begin();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/**
 * @param {string} method @param {string} path @param {any} [body] @param {{signal?: AbortSignal, headers?: Record<string, string>}} [options]
 * @returns {Promise<Response>}
 */
async function asked(method, path, body, { signal, headers = {} } = {}) {
  const sent = new Headers(headers);
  if (UNSAFE.has(method) && csrf) sent.set("Comity-CSRF", csrf);
  const raw = body instanceof Blob || body instanceof FormData || body === undefined ? body : JSON.stringify(body);
  if (typeof raw === "string") sent.set("Content-Type", "application/json");
  const answer = await fetch(path, { method, body: raw, headers: sent, signal, credentials: "same-origin", redirect: "error" });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  if (answer.status === 401 && !path.endsWith("/session")) dispatchEvent(new Event(SIGNED_OUT));
  throw new ApiError(answer.status, told, answer.headers);
}

/** @param {Response} answer */
async function parsed(answer) {
  if (answer.status === 204) return null;
  return answer.headers.get("content-type")?.startsWith("application/json") ? answer.json() : answer.text();
}

/** The `data` of each event; an answer that is no stream is one. @param {Response} answer @returns {AsyncGenerator<string>} */
async function* dataLines(answer) {
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return yield await answer.text();
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r?\n/);
    rest = /** @type {string} */ (lines.pop());
    for (const line of lines) if (line.startsWith("data:")) yield line.slice(5).trimStart();
  }
}

/** @param {string} path @param {Record<string, any>} [query] */
function withQuery(path, query) {
  const said = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  if (said.length === 0) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}`;
}
