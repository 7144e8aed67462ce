// SPDX-License-Identifier: Apache-2.0
// The one way by which anything comes onto a page.  Text becomes text nodes and nothing else, so whatever a name, a header or a
// rule says, it is shown and never run.

const SVG = "http://www.w3.org/2000/svg";
const LIVE = new Set(["value", "checked", "selected", "disabled", "hidden", "open", "indeterminate", "readOnly"]);
const LINKS = new Set(["href", "src", "xlink:href", "action", "formaction"]);

/**
 * @typedef {Node | string | number | boolean | null | undefined | any[]} Child
 * @typedef {Record<string, any> | null} Props
 */

/**
 * An element of HTML.  Of `props`, `onclick` and its like are listeners, `style` is an object of properties, `dataset` an object;
 * null, undefined and false are left out.
 * @param {string} tag @param {Props} [props] @param {...Child} children @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  return /** @type {HTMLElement} */ (made(document.createElement(tag), props, children));
}

/** The same of SVG. @param {string} tag @param {Props} [props] @param {...Child} children @returns {SVGElement} */
export function svg(tag, props, ...children) {
  return /** @type {SVGElement} */ (made(document.createElementNS(SVG, tag), props, children));
}

/** Puts `children` in place of all that `node` holds. @template {Element} T @param {T} node @param {...Child} children @returns {T} */
export function mount(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

/** @param {Element} node @param {Props | undefined} props @param {Child[]} children */
function made(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) set(node, name, value);
  node.append(...nodes(children));
  return node;
}

/** @param {any} node @param {string} name @param {any} value */
function set(node, name, value) {
  if (value === null || value === undefined) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [property, said] of Object.entries(value)) node.style.setProperty(property, String(said));
  else if (name === "dataset") Object.assign(node.dataset, value);
  else if (LIVE.has(name) && name in node) node[name] = value;
  else if (value !== false) node.setAttribute(name, LINKS.has(name) ? safe(String(value)) : value === true ? "" : String(value));
}

/** An address that cannot be a program. @param {string} address */
function safe(address) {
  return /^(https?:|mailto:|blob:|data:image\/|[/#?.]|$)/i.test(address) ? address : "#";
}

/** @param {Child[]} children @returns {Node[]} */
function nodes(children) {
  return /** @type {any[]} */ (children.flat(Infinity))
    .filter((each) => each !== null && each !== undefined && each !== false && each !== true)
    .map((each) => (each instanceof Node ? each : document.createTextNode(String(each))));
}
