// @ts-check
// "Where does my key live?": the steps of a read, one after the other, each with its time.
import {bytesText, durationText, keyText} from "./format.js";

/**
 * @typedef {{table: number, level: number, outcome: string, us?: number, open_us?: number, bytes?: number}} Step
 * @typedef {{key: string, family: number, where?: string, steps?: Step[], error?: string,
 *   engine?: {us: number, found: number, bytes: number}}} Answer
 */

const OUTCOMES = {
  "filter says no": "Its filter says: not here. Nothing was read.",
  "not here": "Its keys go past it, but it is not among them.",
  found: "Here it is.",
  deleted: "It was deleted: the search ends here.",
  expired: "It was here, and has expired.",
  "part of a merge": "A part of its value is here; the search goes on.",
};

/** @param {Answer} answer */
export function verdictOf({key, where, steps = [], error, engine}) {
  const name = `“${keyText(key)}”`;
  if (error) return error;
  const last = steps[steps.length - 1];
  const time = engine ? ` The database answered in ${durationText(engine.us)}.` : "";
  switch (where) {
    case "memory":
      return `${name} lives in memory: it was written so lately that no file has it yet.${time}`;
    case "deleted in memory":
      return `${name} has been deleted: the files still have it, until compaction comes by.${time}`;
    case "table":
      return `${name} lives in file ${last.table} of level ${last.level}: ${bytesText(last.bytes ?? 0)}.${time}`;
    case "candidates":
      return steps.length === 0
        ? `No file can hold ${name}.`
        : `A read of ${name} would look into ${steps.length === 1 ? "one file" : `${steps.length} files`}. ` +
            "This is a report: it cannot open them.";
    default:
      return `${name} is nowhere.${time}`;
  }
}

/** @param {string} name @param {string} [text] @param {string} [className] */
export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Shows the steps one by one, and tells `asked` of the tables that were asked so far.
 * @param {HTMLElement} into @param {Answer} answer @param {(tables: number[]) => void} asked */
export function showAnswer(into, answer, asked) {
  const list = element("ol", "", "steps");
  const steps = answer.steps ?? [];
  const add = (
    /** @type {string} */ title,
    /** @type {string} */ text,
    /** @type {string} */ time,
    /** @type {boolean} */ hit,
  ) => {
    const item = element("li", "", hit ? "hit later" : "later");
    const body = element("span", title);
    body.append(element("small", text));
    item.append(body, element("time", time));
    list.append(item);
  };
  if (answer.engine) {
    const isThere = answer.where === "memory" || answer.where === "deleted in memory";
    add(
      "Memory",
      answer.where === "memory"
        ? "Here it is, newer than all files."
        : isThere
          ? "It was deleted here."
          : "Nothing newer than the files.",
      "",
      isThere,
    );
  }
  for (const step of steps) {
    const text = OUTCOMES[/** @type {keyof typeof OUTCOMES} */ (step.outcome)] ?? `${step.outcome}.`;
    const opened = step.open_us ? ` Opening the file took ${durationText(step.open_us)}.` : "";
    add(
      `Level ${step.level}, file ${step.table}`,
      text + opened,
      step.us === undefined ? "" : durationText(step.us),
      answer.where === "table" && step.outcome === "found",
    );
  }
  if (steps.length === 0 && !answer.error) add("Files", "None has keys around it.", "", false);
  into.replaceChildren(element("p", verdictOf(answer), "verdict"), list);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const offset = answer.engine ? 1 : 0;
  const reveal = (/** @type {number} */ at) => {
    if (!list.isConnected || at >= list.children.length) return;
    list.children[at].classList.remove("later");
    asked(steps.slice(0, at + 1 - offset).map(({table}) => table));
    if (still) reveal(at + 1);
    else setTimeout(() => reveal(at + 1), 320);
  };
  reveal(0);
}
