// SPDX-License-Identifier: Apache-2.0
import { h, mount } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { heading } from "../lib/parts.js";
export default { id: "try", path: "/console/try", roles: ["engineer", "officer"], render(view) { mount(view, heading(t("try.heading"), t("try.lead"))); } };
