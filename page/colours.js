// @ts-check
// What the colours of the map stand for, and their scales on a light and a dark page. Pure functions.
import {deadShare, readHeat} from "./state.js";

/**
 * @typedef {import("./state.js").Table} Table
 * @typedef {import("./state.js").State} State
 */

/** What a colour stands for: a value from 0 to 1 for each table, and the ends of the legend. */
export const COLOURS = {
  age: {
    title: "Age",
    low: "oldest writes",
    high: "newest writes",
    value: (/** @type {Table} */ table, /** @type {State} */ state) => table.sequence / Math.max(1, state.sequence),
  },
  dead: {
    title: "Dead share",
    low: "all alive",
    high: "all deleted or expired",
    value: (/** @type {Table} */ table, /** @type {State} */ state) => deadShare(table, state.time_ms),
  },
  compression: {
    title: "Compression",
    low: "as large as its data",
    high: "a tenth of it or less",
    value: (/** @type {Table} */ table) => (table.raw_bytes ? (1 - table.bytes / table.raw_bytes) / 0.9 : 0),
  },
  heat: {
    title: "Rewrites",
    low: "not rewritten lately",
    high: "again and again",
    value: (/** @type {Table} */ table) => (table.heat ?? 0) / 12,
  },
  reads: {
    title: "Reads",
    low: "seldom read",
    high: "eight times its share of reads",
    value: (/** @type {Table} */ table, /** @type {State} */ state) => readHeat(table, state) / 8,
  },
};
/** @typedef {keyof typeof COLOURS} Colour */

/** Ends and middle of each scale, for a light and a dark page, as red, green, blue.
 * @type {Record<Colour, {light: number[][], dark: number[][]}>} */
const RAMPS = {
  age: {
    light: [
      [214, 219, 234],
      [164, 146, 224],
      [109, 63, 196],
    ],
    dark: [
      [54, 60, 84],
      [103, 84, 178],
      [190, 160, 255],
    ],
  },
  dead: {
    light: [
      [205, 226, 220],
      [236, 190, 116],
      [196, 78, 52],
    ],
    dark: [
      [42, 72, 70],
      [160, 116, 50],
      [244, 128, 92],
    ],
  },
  compression: {
    light: [
      [226, 220, 208],
      [138, 190, 176],
      [26, 122, 118],
    ],
    dark: [
      [66, 62, 56],
      [52, 120, 112],
      [104, 220, 198],
    ],
  },
  heat: {
    light: [
      [216, 222, 230],
      [232, 170, 150],
      [190, 50, 84],
    ],
    dark: [
      [56, 62, 74],
      [150, 82, 84],
      [255, 128, 148],
    ],
  },
  reads: {
    light: [
      [220, 224, 228],
      [240, 196, 120],
      [206, 74, 30],
    ],
    dark: [
      [58, 62, 68],
      [158, 104, 48],
      [255, 168, 84],
    ],
  },
};
export const STEPS = 48;

/** @param {number[][]} ramp @param {number} value 0 to 1 */
function mixed(ramp, value) {
  const at = 2 * Math.min(1, Math.max(0, value));
  const [a, b] = at < 1 ? [ramp[0], ramp[1]] : [ramp[1], ramp[2]];
  const share = at < 1 ? at : at - 1;
  return `rgb(${a.map((part, i) => Math.round(part + (b[i] - part) * share)).join(" ")})`;
}

/** The colours of a scale, from low to high. @param {Colour} colour @param {boolean} dark */
export function scaleOf(colour, dark) {
  return Array.from({length: STEPS}, (_, i) => mixed(RAMPS[colour][dark ? "dark" : "light"], i / (STEPS - 1)));
}
