// @ts-check
// The page of a directory in Chromium, beside a writer and without one: node --test page/test/directory_test.js, with
// AMETHYST.
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import path from "node:path";
import {after, test} from "node:test";

import {SKIP, openBrowser, violations} from "./browser.js";

const WAIT_MS = 30_000;
const directory = mkdtempSync(path.join(tmpdir(), "amethyst-directory-"));
const database = path.join(directory, "db");
/** @type {import("node:child_process").ChildProcess[]} */
const running = [];
after(() => {
  for (const shell of running) shell.kill("SIGKILL");
  rmSync(directory, {recursive: true, force: true});
});

/** A shell; `says` returns what the pattern finds in its answers, once it is there. @param {string[]} words */
function startShell(words) {
  const shell = spawn(String(process.env.AMETHYST), words, {stdio: ["pipe", "pipe", "inherit"]});
  running.push(shell);
  let said = "";
  let wake = () => {};
  shell.stdout.on("data", (bytes) => {
    said += bytes;
    wake();
  });
  const ended = new Promise((resolve) => shell.once("exit", resolve));
  return {
    ended,
    /** @param {string} lines */
    write: (lines) => shell.stdin.write(lines),
    end: () => shell.stdin.end(),
    interrupt: () => shell.kill("SIGINT"),
    /** @param {RegExp} pattern */
    async says(pattern) {
      while (!pattern.test(said)) await new Promise((resolve) => (wake = () => resolve(undefined)));
      return /** @type {RegExpExecArray} */ (pattern.exec(said))[0];
    },
  };
}

test("a directory is shown beside its writer, and after it has gone", {skip: SKIP}, async () => {
  const writer = startShell(["--db", database]);
  writer.write("seed 200\nflush\nput pear green\nget pear\n");
  await writer.says(/green/);
  const server = startShell(["page", database]);
  const url = await server.says(/http:\/\/[\d.:]+\//);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({reducedMotion: "reduce"});
    /** @type {string[]} */
    const wrong = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) wrong.push(request.url());
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    await page.goto(url);
    await page.waitForSelector("body[data-edit]");
    await page.locator("#status", {hasText: "Live"}).waitFor();
    await page.locator("#map[aria-label*='1 file,']").waitFor();
    for (const [key, verdict] of [["pear", "lives in memory"], ["melon-000100", "lives in file"]]) {
      await page.fill("#key", key);
      await page.keyboard.press("Enter");
      await page.locator("#answer .verdict", {hasText: `“${key}” ${verdict}`}).waitFor();
    }
    assert.deepEqual(await violations(page), []);
    writer.write("flush\n");
    await page.locator("#map[aria-label*='2 files,']").waitFor({timeout: WAIT_MS});
    writer.end();
    await writer.ended;
    await page.locator("#status", {hasText: "Nobody writes"}).waitFor({timeout: WAIT_MS});
    assert.match(await page.locator("#advice").innerText(), /No process has this database open/);
    assert.deepEqual(wrong, []);
    server.interrupt();
    assert.equal(await server.ended, 130);
    await page.locator("#status", {hasText: "Connection lost"}).waitFor({timeout: WAIT_MS});
  } finally {
    await browser.close();
  }
});
