// @ts-check
// Measures the page's bars; no test depends on them: node page/test/measure.js [TABLES] (100,000), from anywhere.
//
//   frame       how long one drawing of the map takes, of a database with that many tables
//   layout      how long it takes to place them, which each edit does once
//   first       from the load of a report to its first picture
import {readFileSync} from "node:fs";
import http from "node:http";
import path from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";

import {openBrowser} from "./browser.js";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const count = Number(process.argv[2] ?? 100_000);

const server = http.createServer((request, response) => {
  const name = path.basename(String(request.url));
  if (name === "favicon.ico") {
    response.writeHead(404).end();
    return;
  }
  if (name === "empty") {
    response.setHeader("content-type", "text/html").end('<canvas id="map" style="width:1200px"></canvas>');
    return;
  }
  response.setHeader("content-type", "text/javascript").end(readFileSync(path.join(folder, name)));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const {port} = /** @type {import("node:net").AddressInfo} */ (server.address());
const browser = await openBrowser();
const page = await browser.newPage({viewport: {width: 1280, height: 900}});
await page.goto(`http://127.0.0.1:${port}/empty`);
const took = await page.evaluate(async (tableCount) => {
  const {LevelMap} = await import(/** @type {any} */ ("/map.js"));
  const {EMPTY} = await import(/** @type {any} */ ("/state.js"));
  const key = (/** @type {number} */ i) => `user:${String(i).padStart(9, "0")}`;
  const tables = new Map();
  for (let i = 0; i < tableCount; i += 1) {
    const level = i % 111 === 0 ? 4 : i % 11 === 0 ? 5 : 6;
    const span = level === 4 ? 111 : level === 5 ? 11 : 1;
    tables.set(i, {number: i, family: 0, level, from: key(i * 100), to: key((i + span) * 100 - 1), bytes: 64e6,
                   raw_bytes: 1e8, entries: 1e6, sequence: (i * 7919) % tableCount, deletes: i % 1000});
  }
  const map = new LevelMap(document.getElementById("map"));
  let begin = performance.now();
  map.show({...EMPTY, sequence: tableCount, tables}, tables);
  const layout = performance.now() - begin;
  const frames = [];
  for (let i = 0; i < 30; i += 1) {
    begin = performance.now();
    map.draw();
    map.context.getImageData(0, 0, 1, 1);  // Waits until it is drawn.
    frames.push(performance.now() - begin);
  }
  frames.sort((a, b) => a - b);
  return {layout, frame: frames[15], worst: frames[29]};
}, count);
console.log(`frame   ${took.frame.toFixed(1)} ms (worst ${took.worst.toFixed(1)}), ${count} tables`);
console.log(`layout  ${took.layout.toFixed(0)} ms`);

const report = process.argv[3];
if (report) {
  await page.goto(pathToFileURL(path.resolve(report)).href);
  await page.waitForSelector("body[data-edit]");
  const first = await page.evaluate(() => performance.getEntriesByType("paint").at(-1)?.startTime ?? NaN);
  console.log(`first   ${first.toFixed(0)} ms from navigation to the first picture`);
}
await browser.close();
server.close();
