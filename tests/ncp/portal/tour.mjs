// A tester's way through the portal in a real Chromium. Prints one JSON object of what was seen.
//
//   node tour.mjs FOLDER_WITH_NODE_MODULES URL script|plain
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, base, mode] = process.argv.slice(2);
const require = createRequire(resolve(modules, "package.json"));
const { chromium: driver } = require("playwright-core");
const packed = await import(pathToFileURL(
  resolve(modules, "node_modules/@sparticuz/chromium/build/esm/index.js")));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await driver.launch({
  executablePath: await packed.default.executablePath(),
  // No flag of the package: what it loosens (web security among it) is under test here.
  args: ["--no-sandbox", "--single-process", "--no-zygote", "--disable-gpu"],
});
const context = await browser.newContext({
  viewport: { width: 1200, height: 900 }, javaScriptEnabled: mode === "script",
});
const page = await context.newPage();
page.setDefaultTimeout(30000);
const seen = { version: browser.version(), pages: {}, console: [], requests: [] };
page.on("console", (m) => seen.console.push(m.text()));
page.on("pageerror", (e) => seen.console.push(`error: ${e.message}`));
page.on("request", (r) => seen.requests.push(r.url()));

async function look(name) {
  await page.waitForLoadState("load");
  const found = { path: new URL(page.url()).pathname, title: await page.title() };
  if (mode === "script") {
    // Through the debugger: the page's own policy would not let it in.
    const debug = await context.newCDPSession(page);
    const { result } = await debug.send("Runtime.evaluate", {
      expression: `${axe};axe.run(document,{iframes:false}).then(r=>JSON.stringify(
        {passes:r.passes.map(p=>p.id),
         violations:r.violations.map(v=>[v.id,v.nodes.map(n=>n.html.slice(0,200))])}))`,
      awaitPromise: true,
    });
    Object.assign(found, JSON.parse(result.value));
    await debug.detach();
    await page.setViewportSize({ width: 320, height: 700 });
    found.narrow = await page.evaluate("document.documentElement.scrollWidth");
    await page.setViewportSize({ width: 1200, height: 900 });
  }
  seen.pages[name] = found;
}

const press = (text) => page.locator("main button", { hasText: text }).first().click();

await page.goto(base);
await look("start");
if (mode === "script") {
  await page.keyboard.press("Tab");
  seen.firstStop = await page.evaluate("document.activeElement.className");
  await page.keyboard.press("Enter");
  seen.afterSkip = await page.evaluate("document.activeElement.id");
}
await press("Begynn");
await look("patient");
await page.fill("#f-birthDate", "igår");
await press("Spør etter pasienten");
await look("faults");
if (mode === "script") seen.focus = await page.evaluate("document.activeElement.id");
await page.selectOption("#sample", "multidose");
await press("Fyll ut skjemaet");
await page.waitForLoadState("load");
await press("Spør etter pasienten");
await look("matches");
await press("Dette er pasienten");
await look("documents");
await press("Hent listen");
await look("list");
await press("Åpne");
await look("summary");
const frame = page.frameLocator("iframe.paper");
seen.read = await frame.locator("h1").first().textContent();
seen.framed = await frame.locator("body").evaluate((b) => getComputedStyle(b).maxWidth)
  .catch(() => "");
const [download] = await Promise.all([
  page.waitForEvent("download"), page.locator("a[download]", { hasText: "original.xml" }).click(),
]);
seen.downloaded = download.suggestedFilename();
await page.goto(`${base}/documents`);
await page.getByLabel("Resepter").check();
await press("Hent listen");
await page.waitForLoadState("load");
await press("Åpne");
await look("prescription");
await press("Meld utleveringen");
await look("dispensed");
seen.dispensed = await page.locator(".cards .tag").first().textContent();
await press("Trekk tilbake");
await look("back");
seen.back = await page.locator(".cards .tag").first().textContent();
await page.goto(`${base}/messages`);
await look("messages");
await page.locator("tbody a").first().click();
await look("message");
await page.locator("header a", { hasText: "English" }).click();
await look("english");
await page.goto(`${base}/nowhere`);
await look("missing");
console.log(JSON.stringify(seen));
await browser.close();
