// @ts-check
// Where each table stands on the map, as numbers from 0 to 1: keys from left to right, so that what lies over one
// another holds the same keys, and a stretch of keys is as wide as it has bytes. Pure functions.

/**
 * @typedef {import("./state.js").Table} Table
 * @typedef {{table: Table, left: number, right: number}} Box
 * @typedef {{level: number, lane: number, lanes: number, boxes: Box[]}} Row
 * @typedef {{rows: Row[], keys: string[], places: Float64Array}} Layout
 */

const LANES_MAX = 12; // Of level 0, whose tables lie over one another; more share the last lane.

/** The place of a key that is no bound of a table: between those of its neighbours.
 * @param {{keys: string[], places: Float64Array}} axis @param {string} key */
export function placeOf({keys, places}, key) {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  if (low === keys.length) return 1;
  return keys[low] === key || low === 0 ? places[low] : (places[low - 1] + places[low]) / 2;
}

/** How far each key is from the next one, of all: by the bytes behind what they begin with together.
 * @param {string[]} keys In order. */
function distancesOf(keys) {
  const last = keys[keys.length - 1] ?? "";
  let shared = 0;
  while (shared < last.length && keys[0][shared] === last[shared]) shared += 1;
  const numbers = keys.map((key) => {
    let number = 0;
    for (let i = 0; i < 6; i += 1) number = 256 * number + (key.charCodeAt(shared + i) || 0);
    return number;
  });
  return Float64Array.from(keys, (_, i) => 1e-9 + ((numbers[i + 1] ?? numbers[i]) - numbers[i]) / 2 ** 48);
}

/** Each stretch between two bounds is as wide as its bytes. A file spreads its own over the stretches it covers, in
 * proportion to what the levels below have there; the lowest one by how far keys are apart.
 * @param {Table[]} tables */
function axisOf(tables) {
  const keys = [...new Set(tables.flatMap((table) => [table.from, table.to]))].sort((a, b) => (a < b ? -1 : 1));
  const at = new Map(keys.map((key, i) => [key, i]));
  const weights = distancesOf(keys);
  const sums = new Float64Array(keys.length + 1);
  let level = -1;
  for (const table of [...tables].sort((a, b) => b.level - a.level)) {
    if (table.level !== level) {
      level = table.level;
      for (let i = 0; i < keys.length; i += 1) sums[i + 1] = sums[i] + weights[i];
    }
    const from = at.get(table.from) ?? 0;
    const to = Math.max(from + 1, at.get(table.to) ?? 0);
    const factor = Math.max(1, table.bytes) / (sums[to] - sums[from]);
    for (let i = from; i < to; i += 1) weights[i] += factor * (sums[i + 1] - sums[i]);
  }
  const places = new Float64Array(keys.length);
  for (let i = 0; i + 1 < keys.length; i += 1) places[i + 1] = places[i] + weights[i];
  const all = places[keys.length - 1] || 1;
  for (let i = 0; i < places.length; i += 1) places[i] /= all;
  return {keys, places, at};
}

/** @param {Iterable<Table>} all @param {number} family @returns {Layout} */
export function layOut(all, family) {
  const tables = [...all].filter((table) => table.family === family);
  const {keys, places, at} = axisOf(tables);
  /** @type {Map<number, Box[]>} */
  const levels = new Map();
  for (const table of tables) {
    const left = places[at.get(table.from) ?? 0];
    const right = Math.max(places[at.get(table.to) ?? 0], left);
    const boxes = levels.get(table.level);
    if (boxes) boxes.push({table, left, right});
    else levels.set(table.level, [{table, left, right}]);
  }
  /** @type {Row[]} */
  const rows = [];
  for (const level of [...levels.keys()].sort((a, b) => a - b)) {
    const boxes = levels.get(level) ?? [];
    if (level > 0) {
      boxes.sort((a, b) => a.left - b.left || a.right - b.right);
      rows.push({level, lane: 0, lanes: 1, boxes});
      continue;
    }
    boxes.sort((a, b) => b.table.sequence - a.table.sequence); // The newest is on top.
    const lanes = Math.min(boxes.length, LANES_MAX);
    for (let lane = 0; lane < lanes; lane += 1) {
      rows.push({level, lane, lanes, boxes: lane + 1 < LANES_MAX ? [boxes[lane]] : boxes.slice(lane)});
    }
  }
  return {rows, keys, places};
}

/** One value for each pixel column that a row's boxes cover; NaN: none does. Of several in one column the mean, by
 * their widths, so that drawing costs the same however many there are.
 * @param {Box[]} boxes @param {number} columns @param {(table: Table) => number} value */
export function fold(boxes, columns, value) {
  const sums = new Float64Array(columns);
  const weights = new Float64Array(columns);
  for (const {table, left, right} of boxes) {
    const begin = Math.min(columns - 1, Math.floor(left * columns));
    const end = Math.max(begin + 1, Math.min(columns, Math.ceil(right * columns)));
    const of_table = value(table);
    for (let column = begin; column < end; column += 1) {
      const weight = Math.max(1e-9, Math.min(right * columns, column + 1) - Math.max(left * columns, column));
      sums[column] += weight * of_table;
      weights[column] += weight;
    }
  }
  for (let column = 0; column < columns; column += 1) sums[column] /= weights[column]; // 0 / 0 is NaN.
  return sums;
}
