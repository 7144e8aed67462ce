// SPDX-License-Identifier: Apache-2.0
// The shell around every page: who is signed in, the menu of what that role may see, the language, the theme, and what is said when
// something fails.

import { ApiError, onSignedOut } from "./lib/api.js";
import { h, mount, svg } from "./lib/dom.js";
import { language, load, setLanguage, t } from "./lib/i18n.js";
import { failure, notice } from "./lib/parts.js";
import { leave, match, navigate, refresh, start } from "./lib/router.js";
import { PAGES } from "./pages/index.js";
import signin from "./pages/signin.js";
import { forget, resume, signIn, signedIn, signOut, takeToken } from "./session.js";

/** @typedef {import("./lib/router.js").Page} Page */

const HOME = "/console";
const ROLES = ["viewer", "engineer", "officer", "admin"];
const THEMES = ["auto", "light", "dark"];
/** @type {Page[]} */ let pages = [];
let known = false; // whether it was asked who is signed in
let shown = 0; // counts navigations: what comes late is not shown
let first = true;

/** @param {string} address */
async function show(address) {
  const number = ++shown;
  const signal = leave();
  const [path, search] = address.split("?");
  const found = match(pages, path);
  if (!found?.page.public) await identify();
  await load("shell", "words", ...PAGES, ...(found?.page.words ?? []), "signin");
  if (number !== shown) return;
  const view = frame(found?.page);
  if (found?.page.public) return render(found.page, view, found.params, search, signal);
  if (!inside()) return render(signin, view, {}, search, signal);
  if (path === HOME || path === `${HOME}/`) return navigate(firstPath(), { replace: true });
  if (found === null) return say(view, t("shell.missing.title"), notice("warn", t("shell.missing.text")));
  if (!may(found.page)) return say(view, t(`${found.page.id}.title`), notice("warn", t("shell.forbidden", { role: t(`shell.role.${role()}`) })));
  return render(found.page, view, found.params, search, signal);
}

/** Once: by the link's token, else by the cookie. */
async function identify() {
  if (known) return;
  known = true;
  const token = takeToken();
  try {
    if (token) await signIn(token);
    else await resume();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    signin.fault = error;
  }
}

/** @param {Page} page @param {HTMLElement} view @param {Record<string, string>} params @param {string} search @param {AbortSignal} signal */
async function render(page, view, params, search, signal) {
  const name = t(`${page.id}.title`);
  document.title = `${name} · Comity`;
  try {
    if (page.style) await style(page.id);
    const title = await page.render(view, { ...params, query: new URLSearchParams(search) }, signal);
    if (signal.aborted) return;
    if (title) document.title = `${title} · Comity`;
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError)) console.error(error);
    mount(view, view.querySelector("h1") ?? h("h1", {}, name), failure(error));
  }
  focusHeading(view);
}

/** @param {HTMLElement} view @param {string} title @param {...Node} children */
function say(view, title, ...children) {
  document.title = `${title} · Comity`;
  mount(view, h("h1", {}, title), ...children);
  focusHeading(view);
}

/** A screen reader reads on from the new page's heading; at the very first page the browser begins at the top by itself. @param {HTMLElement} view */
function focusHeading(view) {
  const heading = view.querySelector("h1");
  if (!first && heading instanceof HTMLElement && !view.contains(document.activeElement)) {
    heading.tabIndex = -1;
    heading.focus();
    scrollTo(0, 0);
  }
  first = false;
}

/** @param {string} id */
function style(id) {
  const href = `/console/static/pages/${id}.css`;
  if (document.head.querySelector(`link[href="${href}"]`)) return null;
  return new Promise((resolve) => document.head.append(h("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve })));
}

const role = () => signedIn()?.role ?? "";

/** A person whose session is for their own page alone is not in the console. */
const inside = () => ROLES.includes(role());

/** @param {Page} page */
const may = (page) => role() === "admin" || (page.roles ?? []).includes(role());

const inMenu = () => pages.filter((page) => !page.public && page.nav !== false && may(page));

const firstPath = () => [inMenu()[0]?.path].flat()[0] ?? "/console/none";

/** The frame of a page, and its `<main>`. @param {Page | undefined} page @returns {HTMLElement} */
function frame(page) {
  const menu = inside() && !page?.public;
  const view = h("main", { id: "main", tabindex: "-1" });
  document.body.className = menu ? "with-menu" : "bare";
  mount(
    document.body,
    h("a", { class: "skip", href: "#main" }, t("shell.skip")),
    h("header", { class: "bar" },
      h("a", { class: "brand", href: menu ? HOME : null }, mark(), h("span", {}, "Comity")),
      menu && menuButton(),
      h("div", { class: "bar-body", id: "bar-body" }, menu && navigation(page), menu && who(), toggles()),
    ),
    view,
  );
  return view;
}

function menuButton() {
  const button = h("button", {
    class: "quiet menu-button", type: "button", "aria-expanded": "false", "aria-controls": "bar-body",
    onclick: () => button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")),
  }, t("shell.menu"));
  return button;
}

/** @param {Page | undefined} current */
function navigation(current) {
  return h("nav", { "aria-label": t("shell.navigation") },
    h("ul", {}, inMenu().map((page) => h("li", {},
      h("a", { href: [page.path].flat()[0], "aria-current": page === current ? "page" : null }, t(`${page.id}.title`))))));
}

function who() {
  const session = signedIn();
  if (session === null) return null;
  const out = async () => {
    await signOut();
    location.assign(HOME); // all that the pages held in memory goes with it
  };
  return h("div", { class: "who" },
    h("p", {}, h("strong", {}, session.name.startsWith("console:") ? t("shell.local") : session.name), h("span", { class: "muted" }, t(`shell.role.${session.role}`))),
    h("button", { class: "quiet small", type: "button", onclick: out }, t("shell.sign_out")));
}

function toggles() {
  const chosen = document.documentElement.dataset.theme ?? "auto";
  return h("div", { class: "toggles" },
    choice(t("shell.language"), "language", { en: "English", zh: "中文" }, language(), async (/** @type {any} */ said) => {
      setLanguage(said);
      await refresh();
      /** @type {HTMLElement | null} */ (document.querySelector(`input[name="language"][value="${said}"]`))?.focus();
    }),
    choice(t("shell.theme.label"), "theme", Object.fromEntries(THEMES.map((name) => [name, t(`shell.theme.${name}`)])), chosen, setTheme),
  );
}

/**
 * A row of which one is chosen.
 * @param {string} legend @param {string} name @param {Record<string, string>} options @param {string} chosen @param {(value: string) => void} change
 */
function choice(legend, name, options, chosen, change) {
  return h("fieldset", { class: "segments" }, h("legend", { class: "sr" }, legend),
    Object.entries(options).map(([value, label]) => h("label", { lang: name === "language" ? { en: "en", zh: "zh-Hans" }[value] : null },
      h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => change(value) }), h("span", {}, label))));
}

/** @param {string} theme */
function setTheme(theme) {
  localStorage.setItem("comity.theme", theme);
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function mark() {
  return svg("svg", { viewBox: "0 0 32 32", width: 28, height: 28, "aria-hidden": "true", class: "mark" },
    svg("circle", { cx: 12, cy: 16, r: 9 }), svg("circle", { cx: 20, cy: 16, r: 9 }));
}

await Promise.all([
  load("shell", "words"),
  ...PAGES.map((id) => import(`./pages/${id}.js`).then((module) => pages.push(module.default))),
]);
pages.sort((one, other) => PAGES.indexOf(one.id) - PAGES.indexOf(other.id));
onSignedOut(() => {
  forget();
  void refresh();
});
start(show);
await refresh();
