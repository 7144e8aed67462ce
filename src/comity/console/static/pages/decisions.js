// SPDX-License-Identifier: Apache-2.0
// What was decided: the list, and each decision by its receipt's id.

import { list } from "./decisions-list.js";
import { one } from "./decisions-one.js";

export default {
  id: "decisions",
  path: ["/console/decisions", "/console/decisions/:id"],
  roles: ["viewer", "engineer", "officer"],
  words: ["verify"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  render: (view, params, signal) => (params.id ? one(view, params.id, signal) : list(view, params.query, signal)),
};
