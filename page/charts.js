// @ts-check
// What changes over time: curves, which uPlot draws where it is there, and a heat map of latencies.
import {bytesText, clockText, countText, durationText, percentileOf} from "./format.js";
import {scaleOf} from "./colours.js";

/** @typedef {import("./state.js").Point} Point */

const SECONDS = 120;
const POWERS = Array.from({length: 40}, (_, i) => 2 ** (i + 4));

/** What the engine times; all others are commands of the server. */
export const KINDS = {get_ns: "reads of the engine", write_ns: "writes of the engine", sync_us: "syncs of the log"};

/** Kinds of calls lately, the most frequent first. @param {Point[]} points */
export function kindsOf(points) {
  /** @type {Map<string, number>} */
  const calls = new Map();
  for (const {latencies} of points.slice(-SECONDS)) {
    for (const name in latencies) {
      const count = latencies[name].reduce((sum, one) => sum + one, 0);
      if (count > 0) calls.set(name, (calls.get(name) ?? 0) + count);
    }
  }
  const isEngines = (/** @type {string} */ name) => Number(name in KINDS);
  return [...calls].sort((a, b) => isEngines(a[0]) - isEngines(b[0]) || b[1] - a[1]).map(([name]) => name);
}

export class Curves {
  /** @param {HTMLElement} into */
  constructor(into) {
    this.into = into;
    this.plot = /** @type {any} */ (null);
    this.theme = "";
  }

  /** @param {Point[]} points */
  show(points) {
    const uPlot = /** @type {any} */ (globalThis).uPlot;
    if (!uPlot) {
      this.into.textContent = "Built without curves: npm was missing.";
      return;
    }
    const style = getComputedStyle(this.into);
    const ink = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const data = [
      points.map(({time_ms}) => time_ms / 1000),
      points.map(({writes}) => writes),
      points.map(({reads}) => reads),
      points.map(({debt}) => debt),
    ];
    const width = this.into.clientWidth;
    if (this.plot && this.theme === ink("--accent")) {
      if (this.plot.width !== width) this.plot.setSize({width, height: 200});
      this.plot.setData(data);
      return;
    }
    this.theme = ink("--accent");
    const axis = {stroke: ink("--muted"), grid: {stroke: ink("--line"), width: 1}, ticks: {show: false}};
    const text =
      (/** @type {(value: number) => string} */ format) => (/** @type {unknown} */ _, /** @type {number[]} */ values) =>
        values.map((value) => (value === null ? "" : format(value)));
    const shown =
      (/** @type {(value: number) => string} */ format) =>
      (/** @type {unknown} */ _, /** @type {number | null} */ value) => (value === null ? "–" : format(value));
    const series = (
      /** @type {string} */ label,
      /** @type {string} */ stroke,
      /** @type {string} */ scale,
      /** @type {(value: number) => string} */ format,
      /** @type {number[]} */ dash = [],
    ) => ({label, stroke, scale, width: 2, dash, value: shown(format), points: {show: false}});
    this.into.replaceChildren();
    this.plot = new uPlot(
      {
        width,
        height: 200,
        cursor: {y: false},
        legend: {live: false},
        scales: {
          count: {
            range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ max) => [
              0,
              Math.max(1, max) * 1.1,
            ],
          },
          bytes: {
            range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ max) => [
              0,
              Math.max(1 << 20, max) * 1.1,
            ],
          },
        },
        axes: [
          {...axis, space: 90, values: text((seconds) => clockText(1000 * seconds))},
          {...axis, scale: "count", size: 56, values: text(countText)},
          {...axis, scale: "bytes", side: 1, size: 64, grid: {show: false}, incrs: POWERS, values: text(bytesText)},
        ],
        series: [
          {label: "Time"},
          series("Written a second", ink("--accent"), "count", countText),
          series("Read a second", ink("--good"), "count", countText),
          series("Debt", ink("--note"), "bytes", bytesText, [5, 4]),
        ],
      },
      data,
      this.into,
    );
  }
}

/** Draws what calls of a kind took, a column for each second, and says it in words.
 * @param {HTMLCanvasElement} canvas @param {HTMLElement} words @param {Point[]} points @param {string} kind */
export function drawLatencies(canvas, words, points, kind) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const ratio = window.devicePixelRatio || 1;
  const {clientWidth: width, clientHeight: height} = canvas;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const dark = style.getPropertyValue("--dark").trim() === "1";
  const scale = scaleOf("age", dark);
  const toUs = kind.endsWith("_ns") ? 1e-3 : 1;
  const shown = points.slice(-SECONDS).map(({latencies}) => latencies[kind] ?? []);
  const total = /** @type {number[]} */ ([]);
  for (const buckets of shown) buckets.forEach((count, i) => (total[i] = (total[i] ?? 0) + count));
  const first = Math.max(0, total.findIndex((count) => count > 0) - 1);
  const rows = Math.max(8, total.findLastIndex((count) => count > 0) + 2 - first);
  const left = 64;
  const rowHeight = (height - 4) / rows;
  const columnWidth = (width - left) / SECONDS;
  context.fillStyle = style.getPropertyValue("--track").trim();
  context.fillRect(left, 0, width - left, height - 4);
  const most = Math.log1p(Math.max(1, ...shown.flat()));
  shown.forEach((buckets, column) => {
    buckets.forEach((count, i) => {
      if (count === 0) return;
      context.fillStyle =
        scale[Math.min(scale.length - 1, Math.floor((0.15 + (0.85 * Math.log1p(count)) / most) * (scale.length - 1)))];
      context.fillRect(
        left + (SECONDS - shown.length + column) * columnWidth,
        height - 4 - (i - first + 1) * rowHeight,
        Math.ceil(columnWidth),
        Math.ceil(rowHeight) - 1,
      );
    });
  });
  context.fillStyle = style.getPropertyValue("--muted").trim();
  context.font = `11.5px ${style.fontFamily}`;
  context.textBaseline = "middle";
  for (let i = first + 1; i < first + rows && total.length > 0; i += Math.ceil(rows / 5)) {
    context.fillText(durationText(2 ** i * toUs), 0, height - 4 - (i - first) * rowHeight);
  }
  const calls = total.reduce((sum, count) => sum + count, 0);
  words.textContent =
    calls === 0
      ? "No such call was timed in the last two minutes."
      : `Half took less than ${durationText(percentileOf(total, 0.5) * toUs)}, 99 of 100 less than ` +
        `${durationText(percentileOf(total, 0.99) * toUs)}.`;
}
