// SPDX-License-Identifier: Apache-2.0
// Who asks, and what: the form of the playground, and the request that it stands for.

import { h, mount } from "../lib/dom.js";
import { formatList, formatNumber, locale, t } from "../lib/i18n.js";
import { details, field, select } from "../lib/parts.js";
import { place, places, word } from "../lib/words.js";
import { said } from "./try.js";

/** @typedef {import("./try.js").Draft} Draft @typedef {import("./try.js").World} World */

const PICTURES = ["image/png", "image/jpeg", "image/webp"];
const PICTURE_BYTES_MAX = 8 * 1024 * 1024;

/** Who it is: some people to choose from, and whatever else one would say of somebody. @param {Draft} held @param {World} world @param {() => void} draw */
export function person(held, world, draw) {
  const choose = (/** @type {import("./try.js").Person} */ who) => {
    const untouched = world.people.some((each) => held.text === t(`try.person.${each.id}.text`)) || held.text === "";
    Object.assign(held, { who: who.id, ...said(who), ...(untouched ? { text: t(`try.person.${who.id}.text`) } : {}) });
    draw();
    /** @type {HTMLElement | null} */ (document.querySelector(`input[name="who"][value="${who.id}"]`))?.focus();
  };
  const change = (/** @type {Partial<Draft>} */ to) => { Object.assign(held, to, { who: "" }); mark(held); };
  return h("div", { class: "card stack" },
    h("h2", {}, t("try.who.heading")),
    h("fieldset", { class: "people" }, h("legend", { class: "sr" }, t("try.who.heading")), world.people.map((who) => h("label", { class: "person" },
      h("input", { type: "radio", name: "who", value: who.id, checked: held.who === who.id, onchange: () => choose(who) }),
      h("span", {}, h("strong", {}, t(`try.person.${who.id}.name`)), h("span", { class: "muted small" }, t(`try.person.${who.id}.about`)))))),
    known(held, world, change));
}

/**
 * What is known of the person, closed to a line until somebody wants to change it.
 * @param {Draft} held @param {World} world @param {(to: Partial<Draft>) => void} change
 */
function known(held, world, change) {
  const line = h("span", {});
  const told = () => mount(line, summary(held));
  told();
  const box = /** @type {HTMLDetailsElement} */ (details(line, h("div", { class: "stack", oninput: told, onchange: told },
    h("div", { class: "try-facts person-facts" },
      field(t("try.who.location"), select(regions(world), held.location, { name: "location", onchange: (/** @type {any} */ event) => change({ location: event.target.value }) })),
      field(t("try.who.residence"), select(regions(world), held.residence, { name: "residence", onchange: (/** @type {any} */ event) => change({ residence: event.target.value }) })),
      field(t("try.who.age"), h("input", { type: "number", name: "age", min: 0, max: 150, inputmode: "numeric", value: held.age ?? "",
        oninput: (/** @type {any} */ event) => change({ age: event.target.value === "" ? null : Number(event.target.value) }) }))),
    h("fieldset", { class: "stack-small" }, h("legend", {}, t("try.consent.heading")),
      h("div", { class: "checks" }, world.words.consent.map(({ id: name }) => h("label", { class: "check" },
        h("input", { type: "checkbox", name: "consent", value: name, checked: held.consent.has(name), onchange: (/** @type {any} */ event) => {
          held.consent[event.target.checked ? "add" : "delete"](name);
        } }), capital(word("words", name))))))), held.open));
  box.addEventListener("toggle", () => { held.open = box.open; });
  return box;
}

/** @param {Draft} held */
const summary = (held) => [
  held.location ? t("try.who.in", { place: place(held.location) }) : t("try.who.nowhere"),
  held.residence && held.residence !== held.location && t("try.who.lives", { place: place(held.residence) }),
  held.age !== null && t("try.who.years", { count: held.age }),
  held.consent.size === 0 ? t("try.who.no_consent") : t("try.who.consents", { consents: formatList([...held.consent].map((name) => word("words", name))) }),
].filter(Boolean).join(" · ");

/** A person who was changed is none of those to choose from any more. @param {Draft} held */
function mark(held) {
  for (const input of document.querySelectorAll('input[name="who"]')) /** @type {HTMLInputElement} */ (input).checked = /** @type {HTMLInputElement} */ (input).value === held.who;
}

/** @param {World} world @returns {Array<[string, string]>} */
function regions(world) {
  const order = new Intl.Collator(locale());
  const sorted = world.regions.map(({ id: code }) => /** @type {[string, string]} */ ([code, `${capital(place(code))} (${code})`])).sort((one, other) => order.compare(one[1], other[1]));
  return [["", t("try.who.unknown")], ...sorted];
}

/** @param {string} text */
const capital = (text) => text.replace(/^the /, "").replace(/^\w/, (letter) => letter.toUpperCase());

/**
 * What is asked: the text, perhaps a picture, by which model, for what.
 * @param {Draft} held @param {World} world
 * @param {{act: HTMLElement[], run: () => void, stop: () => void, draw: () => void}} how
 */
export function composer(held, world, { act, run, stop, draw }) {
  const problem = h("p", { class: "error", role: "alert" });
  const add = (/** @type {File | undefined} */ file) => {
    if (file === undefined) return;
    if (!PICTURES.includes(file.type)) return mount(problem, t("try.image.kind"));
    if (file.size > PICTURE_BYTES_MAX) return mount(problem, t("try.image.large", { size: formatNumber(PICTURE_BYTES_MAX / 1024 / 1024) }));
    held.image = file;
    draw();
  };
  const text = h("textarea", { name: "text", rows: 5, value: held.text, placeholder: t("try.text.placeholder"), spellcheck: "false",
    oninput: (/** @type {any} */ event) => { held.text = event.target.value; },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
      if (event.key === "Escape") stop();
    },
    onpaste: (/** @type {ClipboardEvent} */ event) => add([...(event.clipboardData?.files ?? [])][0]) });
  const picker = h("input", { type: "file", hidden: true, accept: PICTURES.join(","), onchange: (/** @type {any} */ event) => add(event.target.files[0]) });
  const box = h("div", { class: "card stack drop",
    ondragover: (/** @type {DragEvent} */ event) => { event.preventDefault(); box.classList.add("over"); },
    ondragleave: () => box.classList.remove("over"),
    ondrop: (/** @type {DragEvent} */ event) => { event.preventDefault(); box.classList.remove("over"); add(event.dataTransfer?.files[0]); } },
    h("h2", {}, t("try.ask.heading")),
    field(t("try.text.label"), text, { hint: t("try.text.hint") }),
    held.image && picture(held.image, () => { held.image = null; draw(); }),
    problem,
    field(t("try.model.label"), select(models(world), held.model, { name: "model", onchange: (/** @type {any} */ event) => { held.model = event.target.value; } })),
    h("div", { class: "try-facts" },
      field(t("try.purpose.label"), select(chosen("purpose", world), held.purpose, { name: "purpose", onchange: (/** @type {any} */ event) => { held.purpose = event.target.value; } })),
      field(t("try.task.label"), select(chosen("feature", world), held.task, { name: "task", onchange: (/** @type {any} */ event) => { held.task = event.target.value; } }))),
    h("div", { class: "row actions" },
      act,
      picker, h("button", { type: "button", class: "quiet", onclick: () => picker.click() }, t("try.image.add")),
      h("span", { class: "hint keys" }, h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Enter"))));
  return box;
}

/** @param {File} file @param {() => void} drop */
function picture(file, drop) {
  const address = URL.createObjectURL(file);
  return h("div", { class: "row picture" },
    h("img", { src: address, alt: "", onload: () => URL.revokeObjectURL(address) }),
    h("div", {}, h("p", {}, file.name), h("p", { class: "hint" }, t("try.image.note"))),
    h("button", { type: "button", class: "quiet small", onclick: drop }, t("try.image.remove")));
}

/** @param {World} world @returns {Array<[string, string]>} */
const models = (world) => world.models.map((model) => [model.id, model.comity ? t("try.model.of", { id: model.id, place: places(model.comity.processing) }) : t("try.model.auto")]);

/** @param {string} kind @param {World} world @returns {Array<[string, string]>} */
const chosen = (kind, world) => [["", t("try.default")], ...world.words[kind].map(({ id }) => /** @type {[string, string]} */ ([id, capital(word("words", id))]))];

/** The request as it is sent: its headers and its body. @param {Draft} held */
export async function asked(held) {
  /** @type {Record<string, string>} */ const headers = {};
  const subject = [["location", held.location && `"${held.location}"`], ["residence", held.residence && `"${held.residence}"`],
    ["age", held.age === null ? "" : String(held.age)], ["consent", held.consent.size > 0 && `(${[...held.consent].join(" ")})`],
    ["collected", held.location && `"${held.location}"`]].filter(([, value]) => value);
  if (subject.length > 0) headers["Comity-Subject"] = subject.map(([name, value]) => `${name}=${value}`).join(", ");
  if (held.purpose) headers["Comity-Purpose"] = held.purpose;
  if (held.task) headers["Comity-Task"] = held.task;
  const content = held.image ? [...(held.text ? [{ type: "text", text: held.text }] : []), { type: "image_url", image_url: { url: await dataUrl(held.image) } }] : held.text;
  return { headers, body: { model: held.model, stream: true, messages: [{ role: "user", content }] } };
}

/** @param {File} file @returns {Promise<string>} */
function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
