// @ts-check
// The page: puts the state into the document, and what a person does into the state.
import {COLOURS, scaleOf} from "./colours.js";
import {Curves, KINDS, drawLatencies, kindsOf} from "./charts.js";
import {listen} from "./events.js";
import {bytesText, clockText, counted, keyOf, keyText, percentText} from "./format.js";
import {element, showAnswer} from "./lookup.js";
import {LevelMap} from "./map.js";
import {
  EMPTY,
  applyEdit,
  candidates,
  deadShare,
  editText,
  eventText,
  ownBytes,
  reasonText,
  reasonOf,
  reduce,
  tablesAfter,
} from "./state.js";
import {showBig, showFigures, showGoing, showHot} from "./tiles.js";

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));

let state = EMPTY;
let shownTables = state.tables;
let travelled = -1; // How many edits of the history are shown; -1: now.
let familyChosen = false;
const map = new LevelMap(/** @type {HTMLCanvasElement} */ (byId("map")));
const curves = new Curves(byId("curves"));
const report = document.getElementById("state");

function showStatus() {
  const gone = !report && !state.live;
  const [text, tone] = report
    ? [`Report of ${new Date(state.time_ms).toLocaleString()}`, "gone"]
    : gone
      ? ["Connection lost, trying again", "gone"]
      : state.writer === "there"
        ? ["Live", "live"]
        : ["Nobody writes", "gone"];
  const pill = byId("status");
  if (pill.textContent !== text) pill.textContent = text;
  pill.dataset.tone = tone;
  byId("database").textContent = state.database;
  const advice = byId("advice");
  if (advice.textContent !== state.advice.text) advice.textContent = state.advice.text;
  advice.dataset.tone = state.advice.tone;
}

function showWork() {
  const jobs = state.writer === "there" ? (state.figures?.jobs ?? []) : [];
  byId("jobs").replaceChildren(
    ...jobs.map((job) => {
      const text =
        job.kind === "flush"
          ? "Flushing memory into a new file of level 0"
          : `Merging ${counted(job.tables, "file")} of level ${job.from} into level ${job.to}`;
      const box = element("div", text, "job");
      if (job.reason) box.append(element("small", `Why: ${reasonText(job.reason)}.`));
      const bar = /** @type {HTMLProgressElement} */ (element("progress"));
      bar.max = Math.max(1, job.bytes);
      bar.value = Math.min(job.bytes, job.bytes_done);
      bar.setAttribute("aria-label", text);
      box.append(bar);
      return box;
    }),
  );
  const list = byId("events");
  const newest = String(state.events[state.events.length - 1]?.number ?? "none");
  if (list.dataset.newest === newest) return;
  list.dataset.newest = newest;
  const items = state.events
    .slice(-40)
    .reverse()
    .map((event) => {
      const item = element("li");
      const [what, why] = eventText(event).split(" Why: ");
      const body = element("span", what);
      if (why) body.append(element("small", `Why: ${why}`));
      item.append(element("time", clockText(event.time_ms)), body);
      return item;
    });
  list.replaceChildren(...(items.length > 0 ? items : [element("li", "Nothing has happened yet.", "muted")]));
}

function showFamilies() {
  const select = /** @type {HTMLSelectElement} */ (byId("family"));
  const names = state.families.map(({id, name}) => `${id} ${name}`).join("\n");
  byId("family-box").hidden = state.families.length < 2;
  if (!familyChosen) {
    const sizes = new Map();
    for (const {family, bytes} of state.tables.values()) sizes.set(family, (sizes.get(family) ?? 0) + bytes);
    const largest = [...sizes].sort((a, b) => b[1] - a[1])[0];
    if (largest) map.family = largest[0];
  }
  if (select.dataset.names !== names) {
    select.dataset.names = names;
    select.replaceChildren(
      ...state.families.map(({id, name}) => {
        const option = /** @type {HTMLOptionElement} */ (element("option", name));
        option.value = String(id);
        return option;
      }),
    );
  }
  select.value = String(map.family);
}

function showMap() {
  map.skipped = ownBytes(state.families, map.family);
  map.show(state, shownTables);
  const of_it = [...map.sums].map(
    ([level, {bytes, count}]) => `level ${level}: ${counted(count, "file")}, ${bytesText(bytes)}`,
  );
  byId("map").setAttribute("aria-label", `Map of levels. ${of_it.join("; ") || "No files yet"}.`);
}

function showLegend() {
  const {low, high} = COLOURS[map.colour];
  byId("legend-low").textContent = low;
  byId("legend-high").textContent = high;
  const dark = document.documentElement.dataset.theme === "dark";
  byId("legend-ramp").style.background = `linear-gradient(to right, ${scaleOf(map.colour, dark)
    .filter((_, i) => i % 6 === 0)
    .join(", ")})`;
}

function showTravel() {
  const slider = input("travel");
  const edits = state.history?.edits ?? [];
  const could = report ? edits.length > 0 : state.edit > 0;
  slider.disabled = !could;
  slider.max = String(report || state.history ? edits.length : state.edit);
  if (travelled < 0) slider.value = slider.max;
  /** @type {HTMLButtonElement} */ (byId("now")).disabled = travelled < 0;
  const text = byId("travel-text");
  if (!could) {
    text.textContent = "No file has come or gone since the page began to look.";
  } else if (travelled < 0) {
    const {change} = state;
    text.textContent = change
      ? `The last change: ${editText(change.removed, change.added)}`
      : `Go back over ${counted(edits.length || state.edit, "change")} of the files.`;
  } else if (travelled === 0) {
    text.textContent = "Before the first change that is kept.";
  } else {
    const edit = edits[travelled - 1];
    /** @type {import("./state.js").Table[]} */
    const removed = [];
    applyEdit(tablesAfter(/** @type {any} */ (state.history), travelled - 1), edit, removed);
    const reason = reasonOf(edit, removed, state.events);
    text.textContent =
      `${clockText(edit.time_ms)}, ${counted(edits.length - travelled, "change")} before now: ` +
      editText(removed, edit.added) +
      (reason ? ` Why: ${reason}.` : "");
  }
}

const keyOfTable = (/** @type {string} */ key) => keyText(key.slice(map.skipped), 24);

/** @param {import("./state.js").Table | null} table */
function showDetail(table) {
  const detail = byId("detail");
  if (!table) return;
  const parts = [counted(table.entries, "entry").replace("entrys", "entries"), bytesText(table.bytes)];
  if (table.raw_bytes > table.bytes) parts.push(`${bytesText(table.raw_bytes)} before compression`);
  const dead = deadShare(table, state.time_ms);
  if (dead > 0) parts.push(`${percentText(dead)} dead`);
  detail.replaceChildren(
    element("b", `File ${table.number}, level ${table.level}`),
    ` · ${parts.join(" · ")} · ${keyOfTable(table.from)} to ${keyOfTable(table.to)}`,
  );
}

let latencyChosen = false;
/** What calls there were lately, those with the most first; the choice of one. */
function chosenLatency() {
  const select = /** @type {HTMLSelectElement} */ (byId("latency"));
  const kinds = kindsOf(state.points);
  if (select.dataset.kinds !== kinds.join()) {
    const chosen = select.value;
    select.dataset.kinds = kinds.join();
    select.replaceChildren(
      ...kinds.map((kind) => {
        const option = /** @type {HTMLOptionElement} */ (
          element("option", KINDS[/** @type {keyof typeof KINDS} */ (kind)] ?? kind.toUpperCase())
        );
        option.value = kind;
        return option;
      }),
    );
    select.value = latencyChosen && kinds.includes(chosen) ? chosen : (kinds[0] ?? "");
  }
  return select.value;
}

let scheduled = false;
function show() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    if (travelled < 0) shownTables = state.tables;
    showStatus();
    showFamilies();
    showFigures(byId("tiles"), state, map.family);
    showMap();
    showTravel();
    showWork();
    showGoing(byId("going"), state);
    byId("big-card").hidden = !state.server;
    showBig(byId("big"), state);
    showHot(byId("hot"), state);
    byId("over-time").hidden = report !== null;
    if (!report) {
      curves.show(state.points);
      drawLatencies(
        /** @type {HTMLCanvasElement} */ (byId("latencies")),
        byId("latency-text"),
        state.points,
        chosenLatency(),
      );
    }
    document.body.dataset.edit = String(state.edit);
  });
}

/** @param {{name: string, data: any}} message */
function take(message) {
  if (message.name === "snapshot") travelled = -1;
  state = reduce(state, message);
  show();
}

async function travel() {
  if (!state.history) {
    take({name: "history", data: await (await fetch("history")).json()});
    input("travel").max = String(state.history ? /** @type {any} */ (state.history).edits.length : 0);
  }
  const slider = input("travel");
  travelled = slider.value === slider.max ? -1 : Number(slider.value);
  shownTables = travelled < 0 ? state.tables : tablesAfter(/** @type {any} */ (state.history), travelled);
  show();
}

/** @param {string} text */
async function lookUp(text) {
  const key = keyOf(text);
  const asked = (/** @type {number[]} */ tables, /** @type {string} */ of = key) => {
    map.asked = {key: of, tables};
    map.draw();
  };
  if (report) {
    const found = candidates(state.tables.values(), map.family, key);
    const steps = found.map(({number, level}) => ({table: number, level, outcome: "A read would look here"}));
    showAnswer(byId("answer"), {key, family: map.family, where: "candidates", steps}, asked);
    return;
  }
  const reply = await fetch(`lookup?key=${encodeURIComponent(text)}&family=${map.family}`);
  const answer = reply.ok ? await reply.json() : {key, family: map.family, error: await reply.text()};
  if (answer.family !== map.family) map.family = answer.family;
  familyChosen = true;
  show();
  showAnswer(byId("answer"), {...answer, key}, (tables) => asked(tables, answer.key));
}

/** @param {"light" | "dark"} theme */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  showLegend();
  show();
}

function begin() {
  for (const [name, {title}] of Object.entries(COLOURS)) {
    const label = element("label");
    const radio = /** @type {HTMLInputElement} */ (element("input"));
    Object.assign(radio, {type: "radio", name: "colour", value: name, checked: name === map.colour});
    radio.addEventListener("change", () => {
      map.colour = /** @type {import("./colours.js").Colour} */ (name);
      showLegend();
      map.resize();
    });
    label.append(radio, title);
    byId("colours").append(label);
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
  byId("theme").addEventListener("click", () =>
    setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  );
  byId("family").addEventListener("change", () => {
    familyChosen = true;
    map.family = Number(input("family").value);
    show();
  });
  byId("latency").addEventListener("change", () => {
    latencyChosen = true;
    show();
  });
  byId("lookup").addEventListener("submit", (event) => {
    event.preventDefault();
    void lookUp(input("key").value);
  });
  input("travel").addEventListener("input", () => void travel());
  byId("now").addEventListener("click", () => {
    travelled = -1;
    show();
  });
  for (const kind of /** @type {const} */ (["pointermove", "pointerdown"])) {
    map.canvas.addEventListener(kind, (event) => {
      const table = map.tableAt(event.offsetX, event.offsetY);
      if (!table || table.number === map.selected) return;
      map.selected = table.number;
      showDetail(table);
      map.draw();
    });
  }
  byId("map-frame").addEventListener("keydown", (event) => {
    if (!/^Arrow/.test(event.key)) return;
    event.preventDefault();
    const table = map.neighbour(/** @type {any} */ (event.key.slice(5).toLowerCase()));
    map.selected = table?.number ?? 0;
    showDetail(table);
    map.draw();
  });
  new ResizeObserver(show).observe(document.body);
  if (report) {
    take({name: "snapshot", data: JSON.parse(report.textContent ?? "")});
  } else {
    listen("events", take);
  }
}

begin();
