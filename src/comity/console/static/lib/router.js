// SPDX-License-Identifier: Apache-2.0
// Which page an address names.  Links are ordinary `<a href>`; those below /console are followed without loading all anew.

/**
 * @typedef {{name: string, role: string, csrf: string, until: string}} Session
 * @typedef {Record<string, string> & {query: URLSearchParams}} Params
 * @typedef {{
 *   id: string, path: string | string[], roles?: string[], public?: boolean, nav?: boolean, words?: string[], style?: boolean,
 *   render: (view: HTMLElement, params: any, signal: AbortSignal) => Promise<string | void> | string | void
 * }} Page
 */

let going = new AbortController();
let last = ""; // the address that is shown
/** @type {(path: string) => Promise<void>} */ let show = async () => {};

/** The page that `path` names, and the parts of it that the page's own path leaves open. @param {Page[]} pages @param {string} path */
export function match(pages, path) {
  const parts = split(path);
  for (const page of pages) {
    for (const pattern of [page.path].flat()) {
      const params = matched(split(pattern), parts);
      if (params !== null) return { page, params };
    }
  }
  return null;
}

/** @param {string[]} pattern @param {string[]} parts @returns {Record<string, string> | null} */
function matched(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  /** @type {Record<string, string>} */ const params = {};
  for (const [at, name] of pattern.entries()) {
    const part = decoded(parts[at]);
    if (part === null || (name !== part && !name.startsWith(":"))) return null;
    if (name.startsWith(":")) params[name.slice(1)] = part;
  }
  return params;
}

/** Null for what escapes nothing, which names no page. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** @param {string} path */
const split = (path) => path.split("/").filter((part) => part !== "");

/** A signal that ends when another page is shown. */
export function leave() {
  going.abort();
  going = new AbortController();
  return going.signal;
}

/** Goes to a page by its address. @param {string} path @param {{replace?: boolean}} [options] */
export async function navigate(path, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  await show(path);
}

/** Says in the address what of this page is shown, so that it can be kept and sent to somebody. @param {Record<string, string>} said */
export function note(said) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(said)) query.set(name, value);
  last = `${location.pathname}?${query}`;
  history.replaceState(null, "", last);
}

/** Shows the page that is there anew, after a change of language, say. */
export const refresh = () => show(location.pathname + location.search);

/** From here on `shows` is called for each address. @param {(path: string) => Promise<void>} shows */
export function start(shows) {
  show = (path) => shows((last = path));
  addEventListener("popstate", () => {
    if (location.pathname + location.search !== last) void refresh(); // else a place on the same page, such as the skip link's
  });
  addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.download) return;
    if (link.origin !== location.origin || !/^\/console(\/(?!static\/)|$)/.test(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    void navigate(link.pathname + link.search);
  });
}
