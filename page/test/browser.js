// @ts-check
// What tests in a browser share: Debian's Chromium, a server of the test's own, and load for it.
import {spawn} from "node:child_process";
import {existsSync, mkdtempSync, readFileSync, rmSync} from "node:fs";
import {createRequire} from "node:module";
import net from "node:net";
import {tmpdir} from "node:os";
import path from "node:path";

import {chromium} from "playwright-core";

const CHROMIUM = process.env.AMETHYST_CHROMIUM ?? "/usr/bin/chromium";
export const SKIP = existsSync(CHROMIUM) ? false : "Debian's chromium is not installed";

export async function openBrowser() {
  return chromium.launch({executablePath: CHROMIUM, args: ["--no-sandbox"]});
}

/** All violations of accessibility rules, as text. @param {import("playwright-core").Page} page */
export async function violations(page) {
  const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(source);
  const results = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run());
  return results.violations.flatMap((/** @type {any} */ rule) =>
    rule.nodes.map((/** @type {any} */ node) => `${rule.id}: ${node.html} ${node.failureSummary}`),
  );
}

/** A server with a page; `send` gives it commands, each a list of words, and returns when all are answered.
 * @param {string} program @param {string[]} [settings] */
export async function startServer(program, settings = []) {
  const directory = mkdtempSync(path.join(tmpdir(), "amethyst-page-"));
  const socket = path.join(directory, "redis.sock");
  const server = spawn(program, ["--dir", path.join(directory, "db"), "--port", "0", "--unixsocket", socket, "--http",
                                 "127.0.0.1:0", ...settings], {stdio: ["ignore", "pipe", "inherit"]});
  const ended = new Promise((resolve) => server.once("exit", resolve));
  let said = "";
  const url = await new Promise((resolve, reject) => {
    server.stdout.on("data", (bytes) => {
      said += bytes;
      const found = /http:\/\/[\d.:]+\//.exec(said);
      if (found && said.includes(socket)) resolve(found[0]);
    });
    ended.then(() => reject(new Error(`the server ended: ${said}`)));
  });
  const client = net.connect(socket);
  let answered = 0;
  let wake = () => {};
  client.on("data", (bytes) => {  // Every answer here is one line.
    for (const byte of bytes) answered += byte === 10 ? 1 : 0;
    wake();
  });
  return {
    url: String(url),
    /** @param {string[][]} commands */
    async send(commands) {
      answered = 0;
      client.write(commands.map((words) =>
        `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`).join(""));
      while (answered < commands.length) await new Promise((resolve) => (wake = () => resolve(undefined)));
    },
    async stop() {
      client.destroy();
      server.kill("SIGTERM");
      await ended;
      rmSync(directory, {recursive: true, force: true});
    },
  };
}

/** A value that compresses to about a half, another for each number. @param {number} number @param {number} bytes */
export function valueOf(number, bytes) {
  let text = "";
  let state = (number * 2654435761) >>> 0;
  while (text.length < bytes) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, bytes);
}
