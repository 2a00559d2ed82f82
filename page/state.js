// @ts-check
// What the page knows, and how it changes: a pure reducer of the server's messages. No DOM: `node --test` runs it.
import {bytesText, counted, durationText} from "./format.js";

/**
 * @typedef {{number: number, family: number, level: number, from: string, to: string, bytes: number, raw_bytes: number,
 *   entries: number, sequence: number, deletes?: number, expiring?: number, expires_first_ms?: number,
 *   expires_last_ms?: number, heat?: number}} Table
 * @typedef {{tables: number, bytes: number, entries: number, deletes: number, target_bytes: number, filled: number}}
 *   Level
 * @typedef {{id: number, name: string, order: string, read_amplification: number, write_amplification: number,
 *   space_amplification: number, range_deletes: number, levels: Level[]}} Family
 * @typedef {{kind: string, from: number, to: number, family: number, tables: number, bytes: number, bytes_done: number,
 *   started_ms: number, reason: string}} Job
 * @typedef {{updated_ms: number, opened_ms: number, heartbeat_ns: number, pid: number, jobs: Job[],
 *   counters: Record<string, number>, histograms: Record<string, number[]>,
 *   stall: {cause: string, text: string, since_ms: number, delay_ns_per_kib: number}}} Figures
 * @typedef {{number: number, time_ms: number, kind: string, from: number, to: number, numbers: number[], text: string,
 *   cause?: string}} Happening
 * @typedef {{keys: number, expiring: number, expiring_hour: number, expiring_day: number,
 *   big: {key: string, bytes: number}[], hot: {key: string, share: number}[], reads: string[],
 *   commands: Record<string, number[]>}} Server
 * @typedef {{edit: number, time_ms: number, removed: number[], added: Table[]}} Edit
 * @typedef {{tables: Table[], edits: Edit[]}} History
 * @typedef {{time_ms: number, writes: number, reads: number, debt: number, disk: number,
 *   latencies: Record<string, number[]>}} Point
 * @typedef {{edit: number, removed: Table[], added: Table[]}} Change
 * @typedef {{database: string, order: string, time_ms: number, edit: number, writer: string, sequence: number,
 *   tables: Map<number, Table>, families: Family[], advice: {tone: string, text: string}, figures: Figures | null,
 *   server: Server | null, timed: Record<string, number[]>, events: Happening[], points: Point[],
 *   history: History | null, change: Change | null, live: boolean,
 *   hit_rate: number | null}} State
 */

const POINTS_MAX = 600;
const EVENTS_MAX = 200;

/** @type {State} */
export const EMPTY = {
  database: "",
  order: "",
  time_ms: 0,
  edit: 0,
  writer: "unknown",
  sequence: 0,
  tables: new Map(),
  families: [],
  advice: {tone: "good", text: "Looking …"},
  figures: null,
  events: [],
  points: [],
  history: null,
  change: null,
  live: false,
  hit_rate: null,
  server: null,
  timed: {},
};

/** Tables by their numbers, after the edit; `removed` gets those that went. Each new table is one rewrite hotter than
 * what it replaces.
 * @param {Map<number, Table>} tables @param {Edit} edit @param {Table[]} [removed] */
export function applyEdit(tables, edit, removed = []) {
  const after = new Map(tables);
  let heat = 0;
  for (const number of edit.removed) {
    const table = after.get(number);
    if (!table) continue;
    removed.push(table);
    heat = Math.max(heat, table.heat ?? 0);
    after.delete(number);
  }
  for (const table of edit.added) after.set(table.number, {...table, heat: heat + 1});
  return after;
}

/** As many edits as the server keeps. */
export const EDITS_MAX = 10_000;

/** The history with one edit more; the oldest becomes part of where it begins.
 * @param {History} history @param {Edit} edit @returns {History} */
export function withEdit(history, edit) {
  const edits = [...history.edits, edit];
  if (edits.length <= EDITS_MAX) return {...history, edits};
  return {...history, tables: [...tablesAfter(history, 1).values()], edits: edits.slice(1)};
}

/** The tables as they were after the first `count` edits of a history.
 * @param {History} history @param {number} count */
export function tablesAfter(history, count) {
  const tables = new Map(history.tables.map((table) => [table.number, table]));
  for (const edit of history.edits.slice(0, count)) {
    let heat = 0;
    for (const number of edit.removed) {
      heat = Math.max(heat, tables.get(number)?.heat ?? 0);
      tables.delete(number);
    }
    for (const table of edit.added) tables.set(table.number, {...table, heat: heat + 1});
  }
  return tables;
}

/** @param {number[]} before @param {number[]} now */
function grown(before, now) {
  return now.map((count, i) => Math.max(0, count - (before[i] ?? 0)));
}

/** What happened between two looks; null: they are of one update, or of two writers.
 * @param {Figures | null} before @param {Figures | null} now @param {number} disk @returns {Point | null} */
export function pointBetween(before, now, disk) {
  if (!before || !now || before.opened_ms !== now.opened_ms || now.heartbeat_ns <= before.heartbeat_ns) return null;
  const seconds = (now.heartbeat_ns - before.heartbeat_ns) / 1e9;
  const rate = (/** @type {string} */ name) =>
    Math.max(0, ((now.counters[name] ?? 0) - (before.counters[name] ?? 0)) / seconds);
  /** @type {Record<string, number[]>} */
  const latencies = {};
  for (const name in now.histograms) latencies[name] = grown(before.histograms[name] ?? [], now.histograms[name]);
  return {
    time_ms: now.updated_ms,
    writes: rate("entries_written"),
    reads: rate("gets") + rate("seeks"),
    debt: now.counters.compaction_debt_bytes ?? 0,
    disk,
    latencies,
  };
}

/** @param {Iterable<Table>} tables */
export function bytesOf(tables) {
  let bytes = 0;
  for (const table of tables) bytes += table.bytes;
  return bytes;
}

/** @param {State} state @param {any} data @returns {State} */
function withMetrics(state, data) {
  const point = pointBetween(state.figures, data.figures, bytesOf(state.tables.values()));
  const timed = state.server?.commands ?? {};
  for (const name in point ? timed : {}) {
    if (name in state.timed) /** @type {Point} */ (point).latencies[name] = grown(state.timed[name], timed[name]);
  }
  const {cache_hits: hits = 0, cache_misses: misses = 0} = data.figures?.counters ?? {};
  return {
    ...state,
    time_ms: data.time_ms,
    timed: point || !state.figures ? timed : state.timed,
    writer: data.writer,
    sequence: data.sequence,
    families: data.families,
    advice: data.advice,
    figures: data.figures,
    hit_rate: hits + misses > 0 ? hits / (hits + misses) : null,
    events: [
      ...state.events,
      ...data.events.filter((/** @type {Happening} */ event) => event.number > (state.events.at(-1)?.number ?? 0)),
    ].slice(-EVENTS_MAX),
    points: point ? [...state.points, point].slice(-POINTS_MAX) : state.points,
  };
}

/** The state after a message of the server, or one of the page's own ("connection").
 * @param {State} state @param {{name: string, data: any}} message @returns {State} */
export function reduce(state, {name, data}) {
  switch (name) {
    case "snapshot": {
      const tables = new Map(data.tables.map((/** @type {Table} */ table) => [table.number, table]));
      const begun = {
        ...EMPTY,
        live: state.live,
        points: state.points,
        server: state.server,
        timed: state.timed,
        database: data.database,
        order: data.order,
        edit: data.edit,
        tables,
        figures: state.figures,
        history: data.history ?? null,
      };
      return withMetrics(begun, data);
    }
    case "edit": {
      if (data.edit <= state.edit) return state; // The snapshot has it.
      /** @type {Table[]} */
      const removed = [];
      const tables = applyEdit(state.tables, data, removed);
      let {history} = state;
      const isNew = data.edit > (history?.edits.at(-1)?.edit ?? 0); // It may have come with the history already.
      if (history && isNew) history = withEdit(history, data);
      return {...state, tables, edit: data.edit, history, change: {edit: data.edit, removed, added: data.added}};
    }
    case "metrics":
      return withMetrics(state, data);
    case "server":
      return {...state, server: data};
    case "history":
      return {...state, history: data};
    case "connection":
      return {...state, live: data === "open"};
    default:
      return state;
  }
}

/** What readHeat() needs of a state, for all tables.
 * @type {WeakMap<State, {family: number, reads: string[], levels: Map<number, number>}>} */
const readsOfStates = new WeakMap();

/** @param {State} state */
function readsOf(state) {
  let found = readsOfStates.get(state);
  if (found === undefined) {
    const family = state.families.find(({name}) => name === "keys")?.id ?? -1;
    const levels = new Map();
    for (const table of state.tables.values()) {
      if (table.family === family) levels.set(table.level, (levels.get(table.level) ?? 0) + table.bytes);
    }
    found = {family, reads: state.server?.reads ?? [], levels};
    readsOfStates.set(state, found);
  }
  return found;
}

/** How many of the keys, which are in order, are less.
 * @param {string[]} keys @param {(key: string) => boolean} isLess */
function countLess(keys, isLess) {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isLess(keys[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How often the keys of a table are read of late, for its size: 1 is as often as those of its level on the average.
 * Each read asks family `keys` first; other families show none. @param {Table} table @param {State} state */
export function readHeat(table, state) {
  const {family, reads, levels} = readsOf(state);
  if (reads.length === 0 || table.family !== family) return 0;
  const own = countLess(reads, (key) => key <= table.to) - countLess(reads, (key) => key < table.from);
  return own / reads.length / (Math.max(1, table.bytes) / Math.max(1, levels.get(table.level) ?? 1));
}

/** What an edit did, in words. @param {Table[]} removed @param {Table[]} added */
export function editText(removed, added) {
  const to = added[0]?.level ?? 0;
  const levels = [...new Set(removed.map((table) => table.level))].sort();
  const size = bytesText(bytesOf(added));
  if (removed.length === 0) {
    return to === 0
      ? `Flushed memory into ${counted(added.length, "new file")} of level 0 (${size}).`
      : `Took in ${counted(added.length, "file")} at level ${to} (${size}).`;
  }
  if (added.length === 0) return `Dropped ${counted(removed.length, "file")} that held nothing any more.`;
  const numbers = new Set(removed.map((table) => table.number));
  if (added.every((table) => numbers.has(table.number))) {
    return `Moved ${counted(added.length, "file")} from level ${levels[0]} to level ${to}, without rewriting.`;
  }
  return (
    `Merged ${counted(removed.length, "file")} of level ${levels.join(" and ")} into ` +
    `${counted(added.length, "file")} of level ${to}: ${bytesText(bytesOf(removed))} became ${size}.`
  );
}

/** The planner's reason for an edit, from the event that tells of it; "": it is not known.
 * @param {Edit} edit @param {Table[]} removed @param {Happening[]} events */
export function reasonOf(edit, removed, events) {
  const to = edit.added[0]?.level;
  const from = Math.min(...removed.map((table) => table.level));
  const fits = events.filter(
    (event) =>
      event.kind === "compaction" &&
      event.from === from &&
      (to === undefined || event.to === to) &&
      event.numbers[0] === removed.length &&
      Math.abs(event.time_ms - edit.time_ms) < 5000,
  );
  fits.sort((a, b) => Math.abs(a.time_ms - edit.time_ms) - Math.abs(b.time_ms - edit.time_ms));
  return reasonText(fits[0]?.text ?? "");
}

/** The planner's reason, with its bytes as a person reads them. @param {string} text */
export function reasonText(text) {
  return text.replace(/\b(\d{4,}) bytes/g, (_, bytes) => bytesText(Number(bytes)));
}

/** @param {string} text */
function sentence(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** How many bytes of a family's keys are the server's own, before what its clients call the key: docs/format/server.md.
 * @param {Family[]} families @param {number} id */
export function ownBytes(families, id) {
  const names = families.map(({name}) => name);
  if (!["keys", "data", "order", "ttl", "sys"].every((name) => names.includes(name))) return 0;
  const name = families.find((family) => family.id === id)?.name ?? "";
  return {keys: 10, ttl: 16}[name] ?? 0;
}

/** @param {Happening} event */
export function eventText({kind, from, to, numbers, text, cause}) {
  switch (kind) {
    case "open":
      return "A writer opened the database.";
    case "flush":
      return (
        `Flushed ${bytesText(numbers[0])} of memory into a file of ${bytesText(numbers[1])}, in ` +
        `${durationText(numbers[2])}.`
      );
    case "compaction":
      return (
        `Merged ${counted(numbers[0], "file")} of level ${from} into level ${to}: ` +
        `${bytesText(numbers[1])} read, ${bytesText(numbers[2])} written, in ${durationText(numbers[3])}. ` +
        `Why: ${reasonText(text)}.`
      );
    case "stall-begins":
      return `${sentence(cause ?? "")}${text ? `: ${text}` : ""}.`;
    case "stall-ends":
      return `That ended after ${durationText(1000 * numbers[0])}: ${cause}.`;
    case "error":
      return `Error: ${text}`;
    default:
      return "Something new.";
  }
}

/** @param {Table} table @param {number} now_ms How many of its entries have expired by then, as far as is known. */
export function expiredBy(table, now_ms) {
  const {expiring = 0, expires_first_ms: first = 0, expires_last_ms: last = 0} = table;
  if (expiring === 0 || now_ms < first) return 0;
  return now_ms >= last ? expiring : (expiring * (now_ms - first)) / (last - first);
}

/** @param {Table} table @param {number} now_ms The share of its entries that are deletes, or have expired. */
export function deadShare(table, now_ms) {
  return table.entries === 0 ? 0 : Math.min(1, ((table.deletes ?? 0) + expiredBy(table, now_ms)) / table.entries);
}

/** Bytes that expire within a time from now, estimated. @param {Iterable<Table>} tables @param {number} now_ms
 * @param {number} span_ms */
export function expiringBytes(tables, now_ms, span_ms) {
  let bytes = 0;
  for (const table of tables) {
    if (!table.expiring) continue;
    bytes += (table.bytes * (expiredBy(table, now_ms + span_ms) - expiredBy(table, now_ms))) / table.entries;
  }
  return bytes;
}

/** The tables in which a read looks for the key, in its order. @param {Iterable<Table>} tables @param {number} family
 * @param {string} key */
export function candidates(tables, family, key) {
  return [...tables]
    .filter((table) => table.family === family && table.from <= key && key <= table.to)
    .sort((a, b) => a.level - b.level || b.sequence - a.sequence);
}
