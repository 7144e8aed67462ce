// SPDX-License-Identifier: Apache-2.0
// The processes of the founding case, drawn: one drawing for wide screens and one for narrow ones, and the same in words.

import { h, svg } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { details, uid } from "../lib/parts.js";

const WIDTH = 140;
const HEIGHT = 46;

/** @typedef {{size: [number, number], zones: Record<string, [number, number, number, number]>, parts: Record<string, [number, number]>, ways: Array<[string, string]>}} Plan */

// Boxes by their upper left corner, zones by corner and size, ways as paths with what they are.
/** @type {Plan} */ const WIDE = {
  size: [780, 404],
  zones: { china: [196, 2, 576, 240], france: [196, 254, 270, 66], us: [196, 332, 270, 66] },
  parts: {
    device: [12, 105], relay: [216, 105], own_node: [416, 28], witnesses: [416, 105], partner_node: [416, 182],
    model: [616, 28], beijing: [616, 182], paris: [216, 264], virginia: [216, 342],
  },
  ways: [
    ["sealed", "M152,128H210"], ["sealed", "M356,120L410,56"], ["sealed", "M356,136L410,200"], ["open", "M556,51H610"], ["open", "M556,205H610"],
    ["signs", "M486,105V80"], ["signs", "M486,151V176"], ["open", "M104,151V287H210"], ["refused", "M60,151V365H206"],
  ],
};
/** @type {Plan} */ const TALL = {
  size: [360, 520],
  zones: { china: [18, 84, 324, 322], france: [18, 424, 156, 82], us: [186, 424, 156, 82] },
  parts: {
    device: [110, 8], relay: [110, 112], own_node: [28, 196], partner_node: [192, 196], witnesses: [110, 274],
    model: [28, 346], beijing: [192, 346], paris: [26, 448], virginia: [194, 448],
  },
  ways: [
    ["sealed", "M180,54V106"], ["sealed", "M150,158L114,190"], ["sealed", "M210,158L246,190"], ["open", "M64,242V340"], ["open", "M296,242V340"],
    ["signs", "M134,274L122,248"], ["signs", "M226,274L238,248"], ["open", "M110,24H6V471H20"], ["refused", "M250,24H354V471H340"],
  ],
};
const WAYS = ["sealed", "open", "signs", "refused"];

/** The drawing, with what its lines mean and the same in words. */
export function drawing() {
  return h("figure", { class: "case-drawing" },
    drawn(WIDE, "wide-only"), drawn(TALL, "narrow-only"),
    h("ul", { class: "case-legend" }, WAYS.map((way) => h("li", {}, svg("svg", { viewBox: "0 0 44 12", width: 44, height: 12, "aria-hidden": "true" },
      svg("path", { class: `way ${way}`, d: "M2,6H42" })), t(`case.way.${way}`)))),
    details(t("case.in_words"), h("ul", {}, Object.keys(WIDE.parts).map((part) => h("li", {}, h("strong", {}, t(`case.part.${part}.name`)), " – ", t(`case.part.${part}.does`))))));
}

/** @param {Plan} plan @param {string} when */
function drawn({ size: [wide, high], zones, parts, ways }, when) {
  const name = uid("drawing");
  return svg("svg", { viewBox: `0 0 ${wide} ${high}`, class: when, role: "img", "aria-labelledby": name },
    svg("title", { id: name }, t("case.drawing")),
    Object.entries(zones).map(([zone, [x, y, width, height]]) => [
      svg("rect", { class: "zone", x, y, width, height, rx: 12 }),
      svg("text", { class: "zone-name", x: x + width - 10, y: y + 16, "text-anchor": "end" }, t(`case.zone.${zone}`))]),
    ways.map(([way, d]) => [svg("path", { class: `way ${way}`, d }), way !== "signs" && end(way, d)]),
    Object.entries(parts).map(([part, [x, y]]) => [
      svg("rect", { class: `part ${part}`, x, y, width: WIDTH, height: HEIGHT, rx: 8 }),
      svg("text", { x: x + WIDTH / 2, y: y + 20, "text-anchor": "middle" }, t(`case.part.${part}.name`)),
      svg("text", { class: "faint", x: x + WIDTH / 2, y: y + 36, "text-anchor": "middle" }, t(`case.part.${part}.note`))]));
}

/** The point of an arrow, or a cross where nothing may arrive. @param {string} way @param {string} d */
function end(way, d) {
  const numbers = d.match(/[A-Z][\d.,]+/g) ?? [];
  let [x, y, fromX, fromY] = [0, 0, 0, 0];
  for (const each of numbers) {
    const [one, other] = each.slice(1).split(",").map(Number);
    [fromX, fromY] = [x, y];
    if (each[0] === "H") x = one;
    else if (each[0] === "V") y = one;
    else [x, y] = [one, other];
  }
  if (way === "refused") return svg("path", { class: "way cross", d: `M${x - 6},${y - 6}l12,12m0,-12l-12,12` });
  const turn = (Math.atan2(y - fromY, x - fromX) * 180) / Math.PI;
  return svg("path", { class: "point", d: "M6,0L-4,-5V5Z", transform: `translate(${x},${y}) rotate(${turn})` });
}
