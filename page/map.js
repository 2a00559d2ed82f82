// @ts-check
// The map of levels on a canvas: boxes of tables over one another by their keys, jobs that move between them, and what
// a look-up asks. Draws a frame only while something moves.
import {COLOURS, STEPS, scaleOf} from "./colours.js";
import {bytesText, counted, keyText, percentText} from "./format.js";
import {fold, layOut, placeOf} from "./layout.js";
import {reasonText} from "./state.js";

/**
 * @typedef {import("./state.js").Table} Table
 * @typedef {import("./state.js").State} State
 * @typedef {import("./colours.js").Colour} Colour
 * @typedef {import("./layout.js").Row} Row
 * @typedef {{row: Row, top: number, height: number}} Lane
 * @typedef {{x: number, y: number, width: number, height: number}} Place
 */

const MOVE_MS = 700;
const CHANGE_MS = 1600;
const GAP = 34;

export class LevelMap {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.state = /** @type {State | null} */ (null);
    this.family = 0;
    this.colour = /** @type {Colour} */ ("age");
    this.tables = /** @type {Map<number, Table> | null} */ (null);
    this.shown = -1; // The family that was shown last.
    this.inks = /** @type {{text: string, muted: string, track: string, accent: string, panel: string, font: string,
      dark: boolean} | null} */ (null);
    this.layout = layOut([], 0);
    this.lanes = /** @type {Lane[]} */ ([]);
    this.selected = 0;
    this.skipped = 0; // Bytes of each key that say nothing to a person.
    this.asked = /** @type {{key: string, tables: number[]} | null} */ (null);
    this.places = /** @type {Map<number, Place>} */ (new Map());
    this.old = /** @type {Map<number, Place>} */ (new Map());
    this.gone = /** @type {{place: Place, to: number}[]} */ ([]);
    this.folds = /** @type {Map<Row, Float64Array>} */ (new Map());
    this.sums = /** @type {Map<number, {bytes: number, count: number}>} */ (new Map());
    this.movedAt = -CHANGE_MS;
    this.changedAt = -CHANGE_MS;
    this.frame = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /** The part of the canvas in which boxes stand. */
  get area() {
    const narrow = this.canvas.clientWidth < 620;
    const left = narrow ? 72 : 148;
    return {narrow, left, width: Math.max(40, this.canvas.clientWidth - left - 2)};
  }

  /** @param {State} state @param {Map<number, Table>} tables Of now, or of the time that is looked at. */
  show(state, tables) {
    const {change} = state;
    const isNew = change !== null && change !== this.state?.change && tables === state.tables && this.state !== null;
    const isSame = this.state !== null && this.tables === tables && this.shown === this.family;
    this.state = state;
    if (!isSame) {
      this.old = this.shown === this.family ? this.places : new Map();
      this.tables = tables;
      this.shown = this.family;
      this.layout = layOut(tables.values(), this.family);
      this.sums = new Map();
      for (const {level, boxes} of this.layout.rows) {
        const sum = this.sums.get(level) ?? {bytes: 0, count: 0};
        for (const {table} of boxes) sum.bytes += table.bytes;
        this.sums.set(level, {bytes: sum.bytes, count: sum.count + boxes.length});
      }
      this.movedAt = performance.now();
      this.gone = [];
      if (isNew && change) {
        const to = change.added[0]?.level ?? 6;
        for (const {number} of change.removed) {
          const place = this.old.get(number);
          if (place) this.gone.push({place, to});
        }
        this.changedAt = performance.now();
      }
    }
    this.resize();
  }

  /** Places the rows from top to bottom, and the boxes in them. */
  resize() {
    const {left, width} = this.area;
    let y = 38 + GAP;
    this.lanes = this.layout.rows.map((row) => {
      const height = row.level === 0 ? (row.lanes > 4 ? 9 : 14) : 42;
      const lane = {row, top: y, height};
      y += height + (row.level === 0 && row.lane + 1 < row.lanes ? 3 : GAP);
      return lane;
    });
    const height = Math.max(150, y - GAP + 34);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.places = new Map();
    this.folds = new Map();
    const columns = Math.max(1, Math.round(width));
    for (const {row, top, height: rowHeight} of this.lanes) {
      if (row.boxes.length > columns / 4) {
        this.folds.set(
          row,
          fold(row.boxes, columns, (table) => this.valueOf(table)),
        );
        continue;
      }
      for (const {table, left: from, right: to} of row.boxes) {
        this.places.set(table.number, {x: left + from * width, y: top, width: (to - from) * width, height: rowHeight});
      }
    }
    this.draw();
  }

  /** @param {Table} table */
  valueOf(table) {
    return this.state ? COLOURS[this.colour].value(table, this.state) : 0;
  }

  draw() {
    cancelAnimationFrame(this.frame);
    const now = performance.now();
    const {context} = this;
    const ratio = window.devicePixelRatio || 1;
    const style = getComputedStyle(this.canvas);
    const ink = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    this.inks = {
      text: ink("--ink"),
      muted: ink("--muted"),
      track: ink("--track"),
      accent: ink("--accent"),
      panel: ink("--panel"),
      font: style.fontFamily,
      dark: ink("--dark") === "1",
    };
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    context.textBaseline = "middle";
    this.drawMemory();
    for (const lane of this.lanes) this.drawLane(lane, now);
    this.drawChange(now);
    for (const job of this.jobs()) this.drawJob(job, now);
    this.drawAxis();
    this.drawAsked();
    const moves = now - this.changedAt < CHANGE_MS || now - this.movedAt < MOVE_MS || this.jobs().length > 0;
    if (moves && !this.still.matches && !document.hidden) this.frame = requestAnimationFrame(() => this.draw());
  }

  jobs() {
    if (!this.state?.figures || this.state.writer === "gone" || this.tables !== this.state.tables) return [];
    return this.state.figures.jobs.filter((job) => job.kind === "flush" || job.family === this.family);
  }

  /** @param {string} text @param {number} x @param {number} y @param {{size?: number, weight?: number, ink?: string,
   *   align?: CanvasTextAlign, width?: number}} [how] */
  write(text, x, y, {size = 12, weight = 400, ink = this.inks?.muted, align = "left", width} = {}) {
    const {context} = this;
    context.font = `${weight} ${size}px ${this.inks?.font}`;
    context.fillStyle = ink ?? "";
    context.textAlign = align;
    while (width && text.length > 4 && context.measureText(text).width > width)
      text = `${text.slice(0, -2).trimEnd()}…`;
    context.fillText(text, x, y);
  }

  drawMemory() {
    const {left, width, narrow} = this.area;
    const counters = this.state?.figures?.counters;
    const bytes = this.state?.writer === "there" ? (counters?.memtable_bytes ?? 0) : 0;
    this.write("Memory", 0, 18, {size: 13, weight: 600, ink: this.inks?.text});
    const {context} = this;
    context.setLineDash([3, 3]);
    context.strokeStyle = this.inks?.muted ?? "";
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(left + 0.5, 4.5, width - 1, 28, 6);
    context.stroke();
    context.setLineDash([]);
    const text =
      counters && bytes
        ? `${bytesText(bytes)} of new writes, in the log too, until they become a file`
        : this.state?.writer === "there"
          ? "New writes begin here"
          : "No process writes";
    this.write(narrow && bytes ? `${bytesText(bytes)} of new writes` : text, left + 10, 18.5, {width: width - 20});
  }

  /** @param {Lane} lane @param {number} now */
  drawLane({row, top, height}, now) {
    const {left, width, narrow} = this.area;
    const {context, inks} = this;
    if (row.lane === 0) this.drawLabel(row.level, top, narrow);
    context.fillStyle = inks?.track ?? "";
    context.fillRect(left, top, width, height);
    const scale = scaleOf(this.colour, inks?.dark ?? false);
    const colour = (/** @type {number} */ value) =>
      scale[Math.min(STEPS - 1, Math.max(0, Math.floor(value * STEPS)))] ?? scale[0];
    const folded = this.folds.get(row);
    if (folded) {
      for (let x = 0; x < folded.length;) {
        const fill = Number.isNaN(folded[x]) ? "" : colour(folded[x]);
        let end = x + 1;
        while (end < folded.length && (Number.isNaN(folded[end]) ? "" : colour(folded[end])) === fill) end += 1;
        context.fillStyle = fill;
        if (fill) context.fillRect(left + x, top, end - x, height);
        x = end;
      }
      return;
    }
    const moved = this.still.matches ? 1 : Math.min(1, (now - this.movedAt) / MOVE_MS);
    const eased = 1 - (1 - moved) ** 3;
    for (const {table} of row.boxes) {
      const place = this.places.get(table.number);
      if (!place) continue;
      const from = this.old.get(table.number) ?? place;
      const x = from.x + (place.x - from.x) * eased;
      const y = from.y + (place.y - from.y) * eased;
      const boxWidth = Math.max(1.5, from.width + (place.width - from.width) * eased - 1.5);
      context.globalAlpha = this.old.has(table.number) || this.old.size === 0 ? 1 : eased;
      context.fillStyle = colour(this.valueOf(table));
      context.beginPath();
      context.roundRect(x, y, boxWidth, place.height, Math.min(4, boxWidth / 3));
      context.fill();
      if (table.number === this.selected || this.asked?.tables.includes(table.number)) {
        context.strokeStyle = (table.number === this.selected ? inks?.text : inks?.accent) ?? "";
        context.lineWidth = 2.5;
        context.stroke();
      }
      context.globalAlpha = 1;
    }
  }

  /** @param {number} level @param {number} top @param {boolean} narrow */
  drawLabel(level, top, narrow) {
    const {bytes, count} = this.sums.get(level) ?? {bytes: 0, count: 0};
    const family = this.state?.families.find(({id}) => id === this.family);
    const {filled = 0, target_bytes: target = 0} = family?.levels[level] ?? {};
    this.write(`Level ${level}`, 0, top + 7, {size: 13, weight: 600, ink: this.inks?.text});
    this.write(narrow ? bytesText(bytes) : `${bytesText(bytes)} · ${counted(count, "file")}`, 0, top + 23, {
      size: 11.5,
    });
    const isNow = this.tables === this.state?.tables;
    if (!narrow && isNow && target > 0 && filled > 0 && filled !== 1 && level > 0) {
      this.write(`${percentText(filled)} of its target`, 0, top + 38, {size: 11});
    }
  }

  /** Where files of that level stand: the middle of its rows. @param {number} level */
  middleOf(level) {
    const of_it = this.lanes.filter(({row}) => row.level === level);
    if (of_it.length > 0)
      return {top: of_it[0].top, bottom: of_it[of_it.length - 1].top + of_it[of_it.length - 1].height};
    const below = this.lanes.find(({row}) => row.level > level);
    const y = below ? below.top - 8 : this.canvas.clientHeight - 40;
    return {top: y, bottom: y};
  }

  /** The files that an edit took away sink into the level where their entries are now. @param {number} now */
  drawChange(now) {
    const share = (now - this.changedAt) / CHANGE_MS;
    if (share >= 1 || this.still.matches) return;
    const {context} = this;
    for (const {place, to} of this.gone) {
      const target = this.middleOf(to).top;
      context.globalAlpha = 0.75 * (1 - share);
      context.fillStyle = this.inks?.accent ?? "";
      const y = place.y + (target - place.y) * share * share;
      context.beginPath();
      context.roundRect(place.x, y, Math.max(1.5, place.width - 1), place.height, 4);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  /** Dots run from the level that is read to the one that is written; the reason stands between them.
   * @param {import("./state.js").Job} job @param {number} now */
  drawJob(job, now) {
    const {left, width, narrow} = this.area;
    const isFlush = job.kind === "flush";
    const begin = isFlush ? 33 : this.middleOf(job.from).bottom;
    const end = isFlush ? this.middleOf(0).top : this.middleOf(job.to).top;
    const {context} = this;
    context.fillStyle = this.inks?.accent ?? "";
    const count = Math.max(8, Math.floor(width / 34));
    for (let i = 0; i < count; i += 1) {
      const phase = this.still.matches ? 0.5 : (now / 1400 + i * 0.618) % 1;
      context.globalAlpha = 0.85 * Math.sin(Math.PI * phase);
      context.beginPath();
      context.arc(left + ((i + 0.5) * width) / count, begin + (end - begin) * phase, 2.7, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    const done =
      job.bytes > 0 ? `${percentText(Math.min(1, job.bytes_done / job.bytes))} of ${bytesText(job.bytes)}` : "";
    const text = isFlush
      ? `Flushing memory · ${done}`
      : narrow
        ? `Merging · ${done}`
        : `Merging ${counted(job.tables, "file")} · ${done} · ${reasonText(job.reason)}`;
    context.font = `500 12px ${this.inks?.font}`;
    const textWidth = Math.min(width - 24, context.measureText(text).width);
    const y = Math.min(begin, end) + Math.min(GAP, Math.max(GAP, end - begin)) / 2;
    context.fillStyle = this.inks?.panel ?? "";
    context.beginPath();
    context.roundRect(left + 8, y - 10, textWidth + 16, 20, 10);
    context.fill();
    this.write(text, left + 16, y + 0.5, {weight: 500, ink: this.inks?.accent, width: textWidth + 4});
  }

  /** Some bounds of files, at their places, as many as there is room for. */
  drawAxis() {
    const {left, width, narrow} = this.area;
    const {keys, places} = this.layout;
    if (keys.length === 0) return;
    const y = this.canvas.clientHeight - 12;
    this.write("Keys", 0, y, {size: 13, weight: 600, ink: this.inks?.text});
    const room = width / (narrow ? 2 : 5);
    const end = left + width;
    const label = (/** @type {number} */ i) => keyText(keys[i].slice(this.skipped), 18);
    this.write(label(0), left, y, {size: 11.5, width: room - 12});
    this.write(label(keys.length - 1), end, y, {size: 11.5, align: "right", width: room - 12});
    let last = left + room / 2;
    for (let i = 1; i + 1 < keys.length; i += 1) {
      const x = left + places[i] * width;
      if (x - last < room || end - x < 1.5 * room) continue;
      this.write(label(i), x, y, {size: 11.5, align: "center", width: room - 12});
      this.context.fillRect(x - 0.5, y - 13, 1, 4);
      last = x;
    }
  }

  drawAsked() {
    if (!this.asked || this.layout.keys.length === 0) return;
    const {left, width} = this.area;
    const x = left + width * placeOf(this.layout, this.asked.key);
    const {context} = this;
    context.strokeStyle = this.inks?.accent ?? "";
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(x, 2);
    context.lineTo(x, this.canvas.clientHeight - 24);
    context.stroke();
    context.setLineDash([]);
  }

  /** The table at a point of the canvas. @param {number} x @param {number} y @returns {Table | null} */
  tableAt(x, y) {
    const lane = this.lanes.find(({top, height}) => y >= top && y <= top + height);
    const {left, width} = this.area;
    const share = (x - left) / width;
    const slack = 1.5 / width;
    return lane?.row.boxes.find((box) => box.left - slack <= share && share <= box.right + slack)?.table ?? null;
  }

  /** The table beside the selected one. @param {"left" | "right" | "up" | "down"} way @returns {Table | null} */
  neighbour(way) {
    const at = this.lanes.findIndex(({row}) => row.boxes.some(({table}) => table.number === this.selected));
    if (at < 0) return this.lanes[0]?.row.boxes[0]?.table ?? null;
    const {boxes} = this.lanes[at].row;
    const i = boxes.findIndex(({table}) => table.number === this.selected);
    if (way === "left") return boxes[Math.max(0, i - 1)].table;
    if (way === "right") return boxes[Math.min(boxes.length - 1, i + 1)].table;
    const next = this.lanes[at + (way === "up" ? -1 : 1)]?.row.boxes;
    if (!next) return boxes[i].table;
    const middle = (boxes[i].left + boxes[i].right) / 2;
    return (next.find(({right}) => right >= middle) ?? next[next.length - 1]).table;
  }
}
