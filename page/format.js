// @ts-check
// Numbers, times and keys as a person reads them. Pure functions.

/** @param {number} bytes */
export function bytesText(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || bytes >= 100 ? 0 : bytes >= 10 ? 1 : 2;
  return `${bytes.toFixed(digits)} ${units[unit]}`;
}

/** 1234567 as "1.23 M". @param {number} number */
export function countText(number) {
  const units = ["", " k", " M", " G"];
  let unit = 0;
  while (number >= 999.5 && unit < units.length - 1) {
    number /= 1000;
    unit += 1;
  }
  const digits = unit === 0 ? (number > 0 && number < 10 && !Number.isInteger(number) ? 1 : 0) : number >= 100 ? 0 : 1;
  return number.toFixed(digits) + units[unit];
}

/** "1 file", "2 files". @param {number} count @param {string} one */
export function counted(count, one) {
  return `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;
}

/** @param {number} share 0 to 1 */
export function percentText(share) {
  const percent = 100 * share;
  return `${percent > 0 && percent < 1 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** @param {number} us Microseconds. */
export function durationText(us) {
  if (us < 1000) return `${us < 10 ? us.toFixed(1) : us.toFixed(0)} µs`;
  if (us < 1e6) return `${(us / 1e3).toFixed(us < 1e4 ? 1 : 0)} ms`;
  if (us < 9e7) return `${(us / 1e6).toFixed(1)} s`;
  if (us < 5.4e9) return `${(us / 6e7).toFixed(0)} min`;
  return us < 1.8e11 ? `${(us / 3.6e9).toFixed(0)} h` : `${(us / 8.64e10).toFixed(0)} days`;
}

/** "12:03:04". @param {number} ms Since 1970; 0: not known. */
export function clockText(ms) {
  if (!ms) return "before";
  const time = new Date(ms);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** A key, whose characters are its bytes, as a person reads it: UTF-8 if it is that, else with escapes.
 * @param {string} key @param {number} [columns] */
export function keyText(key, columns = 40) {
  if (key === "") return "(empty)";
  let text = key;
  try {
    text = new TextDecoder("utf-8", {fatal: true}).decode(Uint8Array.from(key, (byte) => byte.charCodeAt(0)));
  } catch {
    text = key.replace(/[\x7f-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  }
  text = text.replace(/[\x00-\x1f\x7f]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}

/** The bytes of a text, one character each: as keys are compared. @param {string} text */
export function keyOf(text) {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** The time below which a share of the calls lie, from counts by powers of two; 0: there were none.
 * @param {number[]} buckets @param {number} share */
export function percentileOf(buckets, share) {
  let rest = share * buckets.reduce((sum, count) => sum + count, 0);
  if (rest === 0) return 0;
  for (let i = 0; i < buckets.length; i += 1) {
    rest -= buckets[i];
    if (rest <= 0) return 2 ** i;
  }
  return 2 ** buckets.length;
}
