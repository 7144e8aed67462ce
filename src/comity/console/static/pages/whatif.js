// SPDX-License-Identifier: Apache-2.0
// What would be decided of facts that are only supposed, and what would have become of recorded traffic under another day's law.

import { get } from "../lib/api.js";
import { h, mount } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { heading, tabs, waiting } from "../lib/parts.js";
import { note } from "../lib/router.js";
import { replay } from "./whatif-replay.js";
import { suppose } from "./whatif-suppose.js";

export default {
  id: "whatif",
  path: "/console/whatif",
  roles: ["engineer", "officer"],
  style: true,

  /** @param {HTMLElement} view @param {any} params @param {AbortSignal} signal */
  async render(view, params, signal) {
    mount(view, heading(t("whatif.heading"), t("whatif.lead")), waiting());
    const [vocabulary, packs] = await Promise.all([get("/comity/v1/vocabulary", {}, { signal }), get("/comity/v1/packs", {}, { signal })]);
    const views = [
      { id: "suppose", label: t("whatif.suppose"), render: () => suppose(vocabulary, signal) },
      { id: "replay", label: t("whatif.replay"), render: () => replay(packs, signal) },
    ];
    mount(view, heading(t("whatif.heading"), t("whatif.lead")), tabs(views, t("whatif.heading"), params.query.get("view") === "replay" ? "replay" : "suppose", (view) => note({ view })));
  },
};
