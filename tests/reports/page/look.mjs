// Opens pages of a report in a real Chromium. Prints one JSON object of what was seen.
//
//   node look.mjs FOLDER_WITH_NODE_MODULES FOLDER_WITH_PAGES PAGE...
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder, ...names] = process.argv.slice(2);
const require = createRequire(resolve(modules, "package.json"));
const { chromium: driver } = require("playwright-core");
const packed = await import(pathToFileURL(
  resolve(modules, "node_modules/@sparticuz/chromium/build/esm/index.js")));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await driver.launch({
  executablePath: await packed.default.executablePath(),
  args: ["--no-sandbox", "--single-process", "--no-zygote", "--disable-gpu"],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const requests = [];
page.on("request", (r) => requests.push(r.url()));
const seen = {};
for (const name of names) {
  requests.length = 0;
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(pathToFileURL(resolve(folder, name)).href);
  // Through the debugger: the page's own policy would not let it in.
  const debug = await context.newCDPSession(page);
  const { result } = await debug.send("Runtime.evaluate", {
    expression: `${axe};axe.run(document,{resultTypes:["violations"]}).then(r=>JSON.stringify(
      {passes:r.passes.map(p=>p.id),
       violations:r.violations.map(v=>[v.id,v.nodes.slice(0,3).map(n=>n.html.slice(0,200))])}))`,
    awaitPromise: true,
  });
  await debug.detach();
  const found = JSON.parse(result.value);
  found.filters = [];
  for (const button of await page.locator("input[id^=pick-]").all()) {
    const label = await button.locator("xpath=..").textContent();
    await button.check();
    const rows = await button.evaluate((b) => [...b.closest("section").querySelectorAll(
      "tr[data-pick]")].filter((r) => r.getClientRects().length).length);
    found.filters.push([label.trim(), rows]);
    await page.locator(`input[name="${await button.getAttribute("name")}"]`).first().check();
  }
  await page.setViewportSize({ width: 320, height: 700 });
  found.narrow = await page.evaluate("document.documentElement.scrollWidth");
  const paper = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  found.sheets = (paper.match(/\/Type \/Page\b/g) ?? []).length;
  found.requests = requests.length;
  seen[name] = found;
}
await browser.close();
console.log(JSON.stringify(seen));
