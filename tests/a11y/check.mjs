// Judges pages: axe-core in jsdom, and html-validate. Prints one JSON list of violations.
//
//   node check.mjs FOLDER_WITH_NODE_MODULES PAGE...
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const [modules, ...pages] = process.argv.slice(2);
const require = createRequire(resolve(modules, "package.json"));
const { JSDOM } = require("jsdom");
const { HtmlValidate } = require("html-validate");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const validator = new HtmlValidate({
  extends: ["html-validate:recommended", "html-validate:a11y"],
  rules: {
    // An obligation's id is its anchor (E15.4a): links from outside carry the dot.
    "valid-id": ["error", { relaxed: true }],
    // The short form of the HTML standard, in small letters.
    "doctype-style": ["error", { style: "lowercase" }],
    // A rule for search engines; the title has to name the assessment.
    "long-title": "off",
    // Templates leave spaces at line ends.
    "no-trailing-whitespace": "off",
    // A scrolled table is a region of its own within a section.
    "prefer-native-element": ["error", { exclude: ["region"] }],
  },
});

// jsdom has no layout: what needs one is tested from the style sheet instead (contrast) or by eye.
const needsLayout = ["color-contrast", "target-size", "scrollable-region-focusable"];

async function axe(html) {
  const dom = new JSDOM(html, { runScripts: "outside-only", pretendToBeVisual: true });
  dom.window.eval(axeSource);
  const found = await dom.window.axe.run(dom.window.document, {
    resultTypes: ["violations"],
    rules: Object.fromEntries(needsLayout.map((id) => [id, { enabled: false }])),
  });
  dom.window.close();
  return {
    passes: found.passes.length,
    violations: found.violations.map((v) => ({
      tool: "axe-core", rule: v.id, message: v.help, count: v.nodes.length,
      where: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)),
    })),
  };
}

async function validate(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((r) => r.messages).map((m) => ({
    tool: "html-validate", rule: m.ruleId, message: m.message, count: 1,
    where: [`line ${m.line}: ${m.selector ?? ""}`],
  }));
}

const out = [];
for (const page of pages) {
  const html = readFileSync(page, "utf8");
  const judged = await axe(html);
  out.push({ page, rules: judged.passes,
             violations: [...judged.violations, ...(await validate(html))] });
}
console.log(JSON.stringify(out, null, 1));
