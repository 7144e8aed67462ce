// SPDX-License-Identifier: Apache-2.0
// Who is signed in.  The cookie is the browser's and no program here can read it; the token against forged requests is kept in memory.

import { ApiError, get, post, remove, sendCsrf } from "./lib/api.js";

/** @typedef {import("./lib/router.js").Session} Session */

/** @type {Session | null} */ let session = null;

/** @returns {Session | null} */
export const signedIn = () => session;

/** @param {Session | null} found */
function hold(found) {
  session = found;
  sendCsrf(found?.csrf ?? "");
  return found;
}

/** The session that the cookie stands for, if there is one. */
export async function resume() {
  try {
    return hold(await get("/comity/v1/session"));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return hold(null);
    throw error;
  }
}

/** @param {string} token the one-time token of `comity up`, or a key of this gateway */
export const signIn = async (token) => hold(await post("/comity/v1/session", { token }));

/** A person, for their own page alone. @param {string} token of the link that an officer made */
export const enterAsPerson = async (token) => hold(await post("/comity/v1/me/session", { token }));

export async function signOut() {
  try {
    await remove("/comity/v1/session");
  } finally {
    hold(null);
  }
}

/** The session is over; nobody is asked. */
export const forget = () => hold(null);

/** @returns {Promise<{token: boolean, oidc: string | null}>} */
export const ways = () => get("/comity/v1/session/ways");

/** The token in the link that `comity up` prints; it is taken off the address at once. */
export const takeToken = () => taken("token");

/** Why the issuer's sign-in came to nothing, as a code. */
export const takeRefusal = () => taken("refused");

/** @param {string} member of what follows `#` @returns {string} */
function taken(member) {
  const found = new URLSearchParams(location.hash.slice(1)).get(member) ?? "";
  if (found) history.replaceState(null, "", location.pathname + location.search);
  return found;
}
