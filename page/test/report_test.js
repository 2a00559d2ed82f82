// @ts-check
// A report in Chromium, from a file: node --test page/test/report_test.js, with AMETHYST.
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import path from "node:path";
import {after, test} from "node:test";
import {pathToFileURL} from "node:url";

import {SKIP, openBrowser, violations} from "./browser.js";

const directory = mkdtempSync(path.join(tmpdir(), "amethyst-report-"));
after(() => rmSync(directory, {recursive: true, force: true}));

test("a report opens from a file, and fetches nothing", {skip: SKIP}, async () => {
  const shell = (/** @type {string[]} */ words) =>
    execFileSync(String(process.env.AMETHYST), ["--db", path.join(directory, "db"), ...words], {stdio: "pipe"});
  shell(["seed", "200"]);
  const file = path.join(directory, "report.html");
  shell(["page", "--html", file]);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({colorScheme: "dark", reducedMotion: "reduce"});
    /** @type {string[]} */
    const wrong = [];
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) wrong.push(request.url());
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("body[data-edit]");
    assert.match(await page.locator("#status").innerText(), /^.*Report of/);
    assert.match(String(await page.locator("#map").getAttribute("aria-label")), /1 file/);
    await page.fill("#key", "melon-000100");
    await page.keyboard.press("Enter");
    await page.locator("#answer .verdict", {hasText: "would look into one file"}).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.setViewportSize({width: 390, height: 800});
    const [title, status] = await Promise.all(["h1", "#status"].map((name) => page.locator(name).boundingBox()));
    assert.ok(title && status && (title.x + title.width <= status.x || title.y + title.height <= status.y));
    assert.deepEqual(wrong, []);
  } finally {
    await browser.close();
  }
});
