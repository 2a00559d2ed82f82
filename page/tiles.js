// @ts-check
// Figures in tiles: what a database costs and does, and what will go by itself.
import {bytesText, countText, counted, keyText, percentText} from "./format.js";
import {element} from "./lookup.js";
import {bytesOf, deadShare, expiredBy, expiringBytes} from "./state.js";

/** @typedef {[name: string, value: string, remark: string]} Tile */

const HOUR_MS = 3_600_000;

/** @param {HTMLElement} into @param {Tile[]} tiles */
function showTiles(into, tiles) {
  into.replaceChildren(
    ...tiles.map(([name, value, remark]) => {
      const tile = element("div");
      const figure = element("dd", value);
      figure.append(element("small", remark));
      tile.append(element("dt", name), figure);
      return tile;
    }),
  );
}

/** @param {HTMLElement} into @param {import("./state.js").State} state @param {number} familyId */
export function showFigures(into, state, familyId) {
  const last = state.points[state.points.length - 1];
  const counters = state.writer === "there" ? state.figures?.counters : undefined;
  const family = state.families.find(({id}) => id === familyId);
  const tiles = /** @type {Tile[]} */ ([]);
  if (last && counters) {
    const rests = state.time_ms > last.time_ms + 5000; // Nothing is published then.
    tiles.push(["Written", `${countText(rests ? 0 : last.writes)}/s`, "entries"]);
    tiles.push(["Read", `${countText(rests ? 0 : last.reads)}/s`, "look-ups and seeks"]);
  }
  tiles.push(["On disk", bytesText(bytesOf(state.tables.values())), counted(state.tables.size, "file")]);
  if (counters) {
    tiles.push(["Debt", bytesText(counters.compaction_debt_bytes), "still to be rewritten"]);
    const written = counters.flush_bytes_written + counters.compaction_bytes_written;
    if (counters.user_bytes_written > 0 && written > 0) {
      const times = written / counters.user_bytes_written;
      tiles.push(["Write cost", `${times.toFixed(1)} ×`, "each byte, written to files"]);
    }
  }
  if (family) {
    tiles.push(["Read cost", `≤ ${family.read_amplification}`, "places; filters spare most"]);
    const times = family.space_amplification;
    if (times > 0) tiles.push(["Space cost", `${times.toFixed(2)} ×`, "for each byte of the last level"]);
  }
  if (state.hit_rate !== null && counters)
    tiles.push(["Cache", percentText(state.hit_rate), "of block reads since open"]);
  showTiles(into, tiles);
}

/** Keys with bars. @param {HTMLElement} into @param {{key: string, text: string, share: number}[]} keys
 * @param {string} none What stands there without any. */
function showBars(into, keys, none) {
  const items = keys.map(({key, text, share}) => {
    const item = element("li");
    const bar = element("span", "", "bar");
    bar.style.width = `${100 * share}%`;
    item.append(element("span", keyText(key, 36)), element("b", text), bar);
    return item;
  });
  into.replaceChildren(...(items.length > 0 ? items : [element("li", none)]));
}

/** The largest collections of a server. @param {HTMLElement} into @param {import("./state.js").State} state */
export function showBig(into, {server}) {
  const most = Math.max(1, server?.big[0]?.bytes ?? 1);
  const keys = (server?.big ?? []).map(({key, bytes}) => ({key, text: bytesText(bytes), share: bytes / most}));
  showBars(into, keys, "No collection is large: all are kept inline.");
}

/** Keys that are asked for most of late. @param {HTMLElement} into @param {import("./state.js").State} state */
export function showHot(into, {server}) {
  const keys = (server?.hot ?? []).map(({key, share}) => ({key, text: percentText(share), share}));
  showBars(into, keys, "No key is asked for much more than others.");
}

/** @param {HTMLElement} into @param {import("./state.js").State} state */
export function showGoing(into, state) {
  const {server, time_ms: now} = state;
  const tables = [...state.tables.values()];
  let dead = 0;
  let entries = 0;
  let waiting = 0;
  for (const table of tables) {
    dead += Math.min(table.entries, (table.deletes ?? 0) + expiredBy(table, now));
    entries += table.entries;
    waiting += table.bytes * deadShare(table, now);
  }
  const disk = bytesOf(tables);
  const expires = (/** @type {number} */ span, /** @type {number} */ keys) => {
    if (!server) return {value: bytesText(expiringBytes(tables, now, span)), remark: "as estimated"};
    const bytes = server.keys > 0 ? (disk * keys) / server.keys : 0;
    return {value: `${countText(keys)} keys`, remark: `about ${bytesText(bytes)}`};
  };
  const hour = expires(HOUR_MS, server?.expiring_hour ?? 0);
  const day = expires(24 * HOUR_MS, server?.expiring_day ?? 0);
  showTiles(into, [
    ["Dead already", `${countText(Math.round(dead))}`, `entries, ${bytesText(waiting)} that compaction will free`],
    ["In an hour", hour.value, `expire, ${hour.remark}`],
    ["In a day", day.value, `expire, ${day.remark}`],
    server
      ? ["Alive", `${countText(server.keys)} keys`, `${countText(server.expiring)} of them expire some time`]
      : ["Alive", countText(Math.max(0, entries - dead)), "entries, older versions included"],
  ]);
}
