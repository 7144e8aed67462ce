// SPDX-License-Identifier: Apache-2.0
// The pages there are, in the order of the menu; each is pages/<id>.js with i18n/<id>.en.json and i18n/<id>.zh.json.

export const PAGES = ["try", "now", "decisions", "whatif", "law", "partners", "log", "case", "people", "me", "transparency"];
