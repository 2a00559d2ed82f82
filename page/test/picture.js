// @ts-check
// Takes the picture of the documents: AMETHYSTD=... node page/test/picture.js docs/page.png
import {openBrowser, startServer, valueOf} from "./browser.js";

const [file] = process.argv.slice(2);
const server = await startServer(String(process.env.AMETHYSTD), ["--maxmemory", "64mb"]);
const browser = await openBrowser();
const page = await browser.newPage({viewport: {width: 1200, height: 820}, colorScheme: "light"});
await page.goto(server.url);
await page.waitForSelector("body[data-edit]");
const begin = performance.now();
const merge = page.locator("#jobs .job", {hasText: "of level 0"});
for (let n = 0, taken = false; !taken && performance.now() - begin < 120_000; ) {
  const commands = [];
  for (let i = 0; i < 1500; i += 1) {
    n += 1;
    commands.push(
      n % 11 === 0 ? ["set", `session:${n}`, valueOf(n, 300), "EX", String(600 + (n % 90_000))]
        : ["set", `user:${(n * 7919) % 150_000}`, valueOf(n, 400)],
    );
  }
  await server.send(commands);
  const [text = ""] = await merge.allInnerTexts();
  if (performance.now() - begin < 15_000 || !/Merging \d\d files/.test(text)) continue;
  await page.screenshot({path: file, clip: {x: 0, y: 0, width: 1200, height: 776}});
  taken = true;
}
await browser.close();
await server.stop();
