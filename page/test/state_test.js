// @ts-check
// The reducer of the server's messages, without a browser.
import assert from "node:assert/strict";
import {test} from "node:test";

import {keyOf, keyText, percentileOf} from "../format.js";
import {layOut, fold, placeOf} from "../layout.js";
import * as page from "../state.js";

/** @param {number} number @param {Partial<import("../state.js").Table>} [more]
 * @returns {import("../state.js").Table} */
function table(number, more = {}) {
  const of_all = {number, family: 0, level: 0, from: "a", to: "z", bytes: 100, raw_bytes: 300, entries: 10};
  return {...of_all, sequence: number, ...more};
}

const metrics = {time_ms: 1000, writer: "there", sequence: 9, families: [], advice: {tone: "good", text: "well"},
                 figures: null, events: []};

/** @param {import("../state.js").Table[]} tables */
function begun(tables) {
  return page.reduce(page.EMPTY, {name: "snapshot", data: {...metrics, database: "db", order: "o", edit: 5, tables}});
}

test("a file is as hot as the reads of its keys are many for its size", () => {
  const keys = {id: 3, name: "keys"};
  const tables = [table(1, {family: 3, from: "a", to: "c", bytes: 100}),
                  table(2, {family: 3, from: "d", to: "z", bytes: 300}), table(3)];
  const first = page.reduce(begun(tables), {name: "metrics", data: {...metrics, families: [keys]}});
  assert.equal(page.readHeat(tables[0], first), 0, "nothing is known without a server");
  const state = page.reduce(first, {name: "server", data: {reads: ["a", "b", "b", "x"], commands: {}}});
  assert.equal(page.readHeat(tables[0], state), 3);
  assert.equal(page.readHeat(tables[1], state), 1 / 3);
  assert.equal(page.readHeat(tables[2], state), 0, "of another family");
});

test("a snapshot and the edits behind it give the tables of now", () => {
  const first = begun([table(1), table(2)]);
  const merged = page.reduce(first, {name: "edit", data: {edit: 6, time_ms: 1, removed: [1, 2],
                                                          added: [table(3, {level: 6})]}});
  assert.deepEqual([...merged.tables.keys()], [3]);
  assert.deepEqual(merged.change?.removed.map(({number}) => number), [1, 2]);
  assert.equal(first.tables.size, 2, "the state before stays as it is");
  assert.equal(page.reduce(merged, {name: "edit", data: {edit: 6, time_ms: 1, removed: [3], added: []}}), merged,
               "an edit that the state has already changes nothing");
});

test("a table is hotter by one with each rewrite", () => {
  let state = begun([table(1)]);
  for (let number = 2; number < 5; number += 1) {
    state = page.reduce(state, {name: "edit", data: {edit: 4 + number, time_ms: 1, removed: [number - 1],
                                                     added: [table(number)]}});
  }
  assert.equal(state.tables.get(4)?.heat, 3);
});

test("time travel shows the tables after any number of edits", () => {
  const history = {tables: [table(1)], edits: [
    {edit: 1, time_ms: 1, removed: [], added: [table(2)]},
    {edit: 2, time_ms: 2, removed: [1, 2], added: [table(3, {level: 6})]},
  ]};
  const shown = (/** @type {number} */ count) => [...page.tablesAfter(history, count).keys()];
  assert.deepEqual([shown(0), shown(1), shown(2)], [[1], [1, 2], [3]]);
});

test("a history keeps its last edits", () => {
  const edits = Array.from({length: page.EDITS_MAX}, (_, i) => {
    return {edit: i + 1, time_ms: 0, removed: [], added: [table(i + 2)]};
  });
  const last = {edit: edits.length + 1, time_ms: 0, removed: [1], added: []};
  const history = page.withEdit({tables: [table(1)], edits}, last);
  assert.equal(history.edits.length, page.EDITS_MAX);
  assert.deepEqual(history.tables.map((each) => each.number), [1, 2]);
  assert.equal(page.tablesAfter(history, history.edits.length).size, page.EDITS_MAX);
});

test("an edit that came with the history is not there twice", () => {
  const edit = {edit: 6, time_ms: 1, removed: [], added: [table(2)]};
  let state = page.reduce(begun([table(1)]), {name: "history", data: {tables: [table(1)], edits: [edit]}});
  state = page.reduce(state, {name: "edit", data: edit});
  assert.equal(state.history?.edits.length, 1);
  state = page.reduce(state, {name: "edit", data: {...edit, edit: 7, added: [table(3)]}});
  assert.equal(state.history?.edits.length, 2);
});

test("an edit is told in words", () => {
  assert.match(page.editText([], [table(1)]), /^Flushed memory into 1 new file of level 0/);
  assert.match(page.editText([table(1)], [table(1, {level: 6})]), /^Moved 1 file from level 0 to level 6/);
  assert.match(page.editText([table(1), table(2, {level: 6})], [table(3, {level: 6})]),
               /^Merged 2 files of level 0 and 6 into 1 file of level 6/);
  assert.match(page.editText([table(1)], []), /^Dropped 1 file/);
});

test("an edit gets the planner's reason from the event that fits it", () => {
  const edit = {edit: 1, time_ms: 10_000, removed: [1, 2], added: [table(3, {level: 6})]};
  const event = {number: 1, time_ms: 9_500, kind: "compaction", from: 0, to: 6, numbers: [2, 0, 0, 0],
                 text: "it is full"};
  assert.equal(page.reasonOf(edit, [table(1), table(2)], [event]), "it is full");
  assert.equal(page.reasonOf(edit, [table(1), table(2)], [{...event, time_ms: 1}]), "");
  assert.equal(page.reasonOf(edit, [table(1), table(2)], [{...event, numbers: [5, 0, 0, 0]}]), "");
});

test("rates are those between two updates of one writer", () => {
  const figures = {updated_ms: 1, opened_ms: 1, heartbeat_ns: 1e9, pid: 1, jobs: [], counters: {entries_written: 10},
                   histograms: {get_ns: [1, 2]}, stall: {cause: "none", text: "", since_ms: 0, delay_ns_per_kib: 0}};
  const later = {...figures, heartbeat_ns: 3e9, counters: {entries_written: 30}, histograms: {get_ns: [1, 5, 1]}};
  const point = page.pointBetween(figures, later, 7);
  assert.equal(point?.writes, 10);
  assert.deepEqual(point?.latencies.get_ns, [0, 3, 1]);
  assert.equal(page.pointBetween(figures, figures, 7), null);
  assert.equal(page.pointBetween(figures, {...later, opened_ms: 2}, 7), null);
});

test("what expires is counted by its share of the time", () => {
  const expiring = table(1, {expiring: 10, expires_first_ms: 1000, expires_last_ms: 2000});
  assert.equal(page.expiredBy(expiring, 1500), 5);
  assert.equal(page.deadShare(expiring, 3000), 1);
  assert.equal(page.expiringBytes([expiring, table(2)], 1000, 500), 50);
});

test("the map is aligned by keys, and as wide as the bytes", () => {
  const layout = layOut([table(1, {from: "a", to: "m", bytes: 300, level: 6}),
                         table(2, {from: "n", to: "z", bytes: 100, level: 6}), table(3, {sequence: 9})], 0);
  assert.deepEqual(layout.rows.map(({level}) => level), [0, 6]);
  const [left, right] = layout.rows[1].boxes;
  assert.ok(right.right > 0.99 && left.left === 0);
  const ratio = (left.right - left.left) / (right.right - right.left);
  assert.ok(ratio > 2 && ratio < 3, `${ratio}`);
  assert.ok(placeOf(layout, "b") > left.left && placeOf(layout, "b") < left.right);
  assert.equal(placeOf(layout, "zz"), 1);
});

test("many boxes fold into pixel columns", () => {
  const boxes = [{table: table(1), left: 0, right: 0.25}, {table: table(2), left: 0.25, right: 0.5}];
  const folded = fold(boxes, 2, ({number}) => number);
  assert.ok(Math.abs(folded[0] - 1.5) < 1e-9);
  assert.ok(Number.isNaN(folded[1]));
});

test("keys are read as UTF-8, or with escapes", () => {
  assert.equal(keyText(keyOf("käse")), "käse");
  assert.equal(keyText("\xff\x00a"), "\\xff\\x00a");
  assert.equal(keyText(""), "(empty)");
});

test("percentiles come from powers of two", () => {
  assert.equal(percentileOf([0, 0, 10], 0.5), 4);
  assert.equal(percentileOf([], 0.5), 0);
});
