// SPDX-License-Identifier: Apache-2.0
// Drawings of numbers, and beside each the table that says the same.  D3 computes places; SVG is written by attributes.

import { max, nice, sum, ticks } from "../vendor/d3-array/d3-array.js";
import { sankey as layout, sankeyJustify, sankeyLinkHorizontal } from "../vendor/d3-sankey/index.js";
import { area, curveMonotoneX, line as path } from "../vendor/d3-shape/d3-shape.js";
import { h, mount, svg } from "./dom.js";
import { formatDate, formatNumber, t } from "./i18n.js";
import { details, table } from "./parts.js";

/**
 * @typedef {{id: string, label: string, kind?: string}} Node_
 * @typedef {{source: string, target: string, value: number, kind?: string}} Link `kind`: allow, deny, escalate, device
 * @typedef {{name: string, points: Array<[string, number]>, kind?: string}} Series each point an ISO moment and a number
 */

const SMALL = 560;

/**
 * Flows from the left to the right.
 * @param {{nodes: Node_[], links: Link[], label: string, height?: number, empty?: string}} options
 */
export function sankey({ nodes, links, label, height, empty }) {
  const names = new Map(nodes.map((node) => [node.id, node.label]));
  const flows = links.filter((link) => link.value > 0);
  const used = nodes.filter((node) => flows.some((link) => link.source === node.id || link.target === node.id));
  const numbers = table([
    { name: "source", title: t("shell.chart.from"), cell: (row) => names.get(row.source) },
    { name: "target", title: t("shell.chart.to"), cell: (row) => names.get(row.target) },
    { name: "kind", title: t("shell.chart.effect"), cell: (row) => (row.kind ? t(`shell.effect.${row.kind}`) : "–") },
    { name: "value", title: t("shell.chart.value"), number: true },
  ], flows, { caption: label });
  if (flows.length === 0) return figure(label, h("p", { class: "empty" }, empty ?? t("shell.empty")), null);
  const tall = height ?? Math.max(180, used.length * 34);
  return figure(label, responsive(label, tall, (width) => drawnFlows(used, flows, width, tall)), numbers);
}

/** @param {Node_[]} nodes @param {Link[]} links @param {number} width @param {number} height */
function drawnFlows(nodes, links, width, height) {
  const side = width < SMALL ? 4 : Math.min(width * 0.3, Math.max(width / 8, ...nodes.map(({ label }) => breadth(label))));
  const made = layout().nodeId((/** @type {any} */ node) => node.id).nodeAlign(sankeyJustify).nodeWidth(10).nodePadding(14)
    .extent([[side, 8], [width - side, height - 8]])({ nodes: nodes.map((node) => ({ ...node })), links: links.map((link) => ({ ...link })) });
  const band = sankeyLinkHorizontal();
  return [
    svg("g", { fill: "none" }, made.links.map((/** @type {any} */ link) =>
      svg("path", { d: band(link), class: `flow ${link.kind ?? ""}`, "stroke-width": Math.max(1.5, link.width) },
        svg("title", {}, `${link.source.label} → ${link.target.label}: ${formatNumber(link.value)}`)))),
    made.nodes.map((/** @type {any} */ node) => {
      const left = node.x0 < width / 2;
      const outside = side > 4;
      return svg("g", {},
        svg("rect", { x: node.x0, y: node.y0, width: node.x1 - node.x0, height: Math.max(2, node.y1 - node.y0), rx: 2, class: `flow-node ${node.kind ?? ""}` }),
        svg("text", { x: left === outside ? node.x0 - 8 : node.x1 + 8, y: (node.y0 + node.y1) / 2, dy: "0.35em", "text-anchor": left === outside ? "end" : "start",
          ...(outside ? {} : { x: left ? node.x1 + 6 : node.x0 - 6, "text-anchor": left ? "start" : "end" }), class: "flow-label" },
          node.label, svg("tspan", { class: "faint", dx: "0.5em" }, formatNumber(node.value))));
    }),
  ];
}

/** What a label and its number take beside the drawing, about. @param {string} label */
const breadth = (label) => 60 + [...label].reduce((sum, letter) => sum + (letter > "\u2e80" ? 13 : 7), 0);

/**
 * One bar a row, the longest first as given.
 * @param {{rows: Array<{label: string, value: number, kind?: string}>, label: string, format?: (value: number) => string, unit?: string}} options
 */
export function bars({ rows, label, format = formatNumber, unit }) {
  const most = max(rows, (/** @type {any} */ row) => row.value) || 1;
  const numbers = table([{ name: "label", title: t("shell.chart.name") }, { name: "value", title: unit ?? t("shell.chart.value"), number: true, cell: (row) => format(row.value) }], rows, { caption: label, hidden: true });
  if (rows.length === 0) return figure(label, h("p", { class: "empty" }, t("shell.empty")), null);
  // The bars are the table's own cells, so there is nothing to say twice.
  numbers.classList.add("bars");
  numbers.querySelectorAll("tbody tr").forEach((row, at) => {
    const last = /** @type {HTMLElement} */ (row.lastElementChild);
    last.style.setProperty("--share", String(rows[at].value / most));
    last.classList.add("bar-cell", ...(rows[at].kind ? [/** @type {string} */ (rows[at].kind)] : []));
  });
  return figure(label, numbers, null);
}

/**
 * Numbers over time, from zero up.
 * @param {{series: Series[], label: string, height?: number, format?: (value: number) => string, stacked?: boolean}} options
 */
export function line({ series, label, height = 200, format = formatNumber }) {
  const moments = [...new Set(series.flatMap((each) => each.points.map(([at]) => at)))].sort();
  const numbers = table([{ name: "at", title: t("shell.chart.time"), cell: (row) => formatDate(row.at) },
    ...series.map((each, at) => ({ name: String(at), title: each.name, number: true, cell: (/** @type {any} */ row) => (row[at] === undefined ? "–" : format(row[at])) }))],
  moments.map((at) => ({ at, ...Object.fromEntries(series.map((each, number) => [number, each.points.find(([when]) => when === at)?.[1]])) })), { caption: label });
  if (moments.length === 0) return figure(label, h("p", { class: "empty" }, t("shell.empty")), null);
  const legend = series.length > 1 && h("ul", { class: "legend" }, series.map((each, at) => h("li", { class: each.kind ?? `series-${at + 1}` }, each.name)));
  return figure(label, [legend, responsive(label, height, (width) => drawnLines(series, moments, width, height, format))], numbers);
}

/** @param {Series[]} series @param {string[]} moments @param {number} width @param {number} height @param {(value: number) => string} format */
function drawnLines(series, moments, width, height, format) {
  const [left, right, top, bottom] = [48, 8, 8, 24];
  const [, most] = nice(0, max(series, (/** @type {Series} */ each) => max(each.points, (/** @type {any} */ [, value]) => value)) || 1, 4);
  const [start, end] = [Date.parse(moments[0]), Date.parse(moments[moments.length - 1])];
  const x = (/** @type {string} */ at) => left + ((Date.parse(at) - start) / (end - start || 1)) * (width - left - right);
  const y = (/** @type {number} */ value) => height - bottom - (value / most) * (height - top - bottom);
  const marked = moments.filter((_, at) => at % Math.ceil(moments.length / Math.max(2, Math.floor(width / 120))) === 0);
  const dateOnly = end - start > 2 * 86_400_000;
  return [
    svg("g", { class: "grid" }, ticks(0, most, 4).map((/** @type {number} */ value) => [
      svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg("text", { x: left - 8, y: y(value), dy: "0.35em", "text-anchor": "end" }, format(value))])),
    svg("g", { class: "grid" }, marked.map((at) => svg("text", { x: x(at), y: height - 6, "text-anchor": x(at) > width - 60 ? "end" : x(at) < left + 30 ? "start" : "middle" },
      formatDate(at, dateOnly ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" })))),
    series.map((each, at) => {
      const points = each.points.map(([when, value]) => /** @type {[number, number]} */ ([x(when), y(value)]));
      const kind = each.kind ?? `series-${at + 1}`;
      return svg("g", { class: kind },
        series.length === 1 && svg("path", { class: "line-area", d: area().curve(curveMonotoneX).y0(height - bottom)(points) }),
        svg("path", { class: "line", d: path().curve(curveMonotoneX)(points) }),
        points.length < 40 && points.map(([cx, cy], number) => svg("circle", { cx, cy, r: 3 }, svg("title", {}, `${each.name} · ${formatDate(each.points[number][0])}: ${format(each.points[number][1])}`))));
    }),
  ];
}

/** The sum, for a caption. @param {Link[]} links */
export const total = (links) => sum(links, (/** @type {Link} */ link) => link.value);

/** @param {string} label @param {import("./dom.js").Child} drawing @param {HTMLElement | null} numbers */
function figure(label, drawing, numbers) {
  return h("figure", { class: "chart" }, h("figcaption", {}, label), drawing, numbers && details(t("shell.chart.numbers"), numbers));
}

/** Drawn anew where its place grows or shrinks. @param {string} label @param {number} height @param {(width: number) => import("./dom.js").Child} draw */
function responsive(label, height, draw) {
  const canvas = svg("svg", { role: "img", "aria-label": label, width: "100%", height });
  let before = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width === before || width === 0) return;
    before = width;
    canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    mount(canvas, draw(width));
  }).observe(canvas);
  return canvas;
}
