// @ts-check
// The live page in Chromium, on a server under load: node --test page/test/page_test.js, with AMETHYSTD.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";

import {SKIP, openBrowser, startServer, valueOf, violations} from "./browser.js";

const WAIT_MS = 90_000;

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {string[]} */
const elsewhere = [];
/** @type {string[]} */
const errors = [];

before(async () => {
  if (SKIP) return;
  server = await startServer(String(process.env.AMETHYSTD), ["--maxmemory", "64mb"]);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** @param {{dark?: boolean, width?: number}} [how] */
async function openPage({dark = false, width = 1280} = {}) {
  const page = await browser.newPage({viewport: {width, height: 900}, colorScheme: dark ? "dark" : "light",
                                      reducedMotion: "reduce"});
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url)) elsewhere.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error") errors.push(line.text());
  });
  await page.goto(server.url);
  await page.waitForSelector("body[data-edit]");
  return page;
}

let written = 0;
/** Writes until `seen` holds. @param {() => Promise<boolean>} seen */
async function writeUntil(seen) {
  const until = performance.now() + WAIT_MS;
  while (!(await seen())) {
    assert.ok(performance.now() < until, "it was never seen");
    const commands = [];
    for (let i = 0; i < 2000; i += 1) {
      written += 1;
      commands.push(["set", `user:${(written * 7919) % 200_000}`, valueOf(written, 400)]);
    }
    await server.send(commands);
  }
}

test("under load a merge is seen to begin and to end, and the map shows what came of it", {skip: SKIP}, async () => {
  const page = await openPage();
  await writeUntil(() => page.locator("#jobs .job", {hasText: "Merging"}).first().isVisible());
  await page.locator("#jobs .job", {hasText: "Merging"}).first().waitFor({state: "detached", timeout: WAIT_MS});
  await page.locator("#events li", {hasText: "Merged"}).first().waitFor({timeout: WAIT_MS});
  const text = await page.locator("#events").innerText();
  assert.match(text, /Merged \d+ files? of level \d into level \d.*\n?.*Why: /);
  assert.match(String(await page.locator("#map").getAttribute("aria-label")), /level \d: \d+ files?/);
  const share = await page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("map"));
    const {data} = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
      .getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;  // All of the scale is bluer than it is red; paper and rows are grey.
    for (let i = 0; i < data.length; i += 4) if (data[i + 2] - data[i] >= 15 && data[i + 3] === 255) coloured += 1;
    return (4 * coloured) / data.length;
  });
  assert.ok(share > 0.05, `boxes take ${share} of the map`);
  await page.close();
});

test("a key is looked up, step by step", {skip: SKIP}, async () => {
  const page = await openPage();
  await page.fill("#key", "user:7919");
  await page.keyboard.press("Enter");
  await page.locator("#answer .verdict", {hasText: "lives in"}).waitFor();
  assert.match(await page.locator("#answer").innerText(), /“user:7919” lives in/);
  await page.fill("#key", "nobody");
  await page.keyboard.press("Enter");
  await page.locator("#answer .verdict", {hasText: "“nobody” is nowhere"}).waitFor();
  await page.close();
});

test("time goes back over the edits, and to now again", {skip: SKIP}, async () => {
  const page = await openPage();
  await page.locator("#travel").focus();
  await page.keyboard.press("ArrowLeft");
  await page.locator("#travel-text", {hasText: "before now"}).waitFor();
  await page.keyboard.press("Home");
  await page.locator("#travel-text", {hasText: "Before the first change"}).waitFor();
  await page.click("#now");
  await page.locator("#now[disabled]").waitFor();
  await page.close();
});

test("the keyboard goes from file to file", {skip: SKIP}, async () => {
  const page = await openPage();
  await page.locator("#map-frame").focus();
  await page.keyboard.press("ArrowDown");
  await page.locator("#detail", {hasText: /File \d+, level \d/}).waitFor();
  await page.close();
});

for (const dark of [false, true]) {
  test(`nothing is in anybody's way in ${dark ? "dark" : "light"} colours`, {skip: SKIP}, async () => {
    const page = await openPage({dark});
    await page.fill("#key", "user:7919");
    await page.keyboard.press("Enter");
    await page.locator("#answer .verdict").waitFor();
    assert.deepEqual(await violations(page), []);
    await page.close();
  });
}

test("a phone shows all of it without scrolling sideways", {skip: SKIP}, async () => {
  const page = await openPage({width: 390});
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
  assert.deepEqual(await violations(page), []);
  await page.close();
});

test("nothing was fetched from elsewhere, and nothing went wrong", {skip: SKIP}, () => {
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(errors, []);
});
