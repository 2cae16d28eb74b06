// Every page in every state, width, colour scheme and language: it fits, it is accessible, nothing complains.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { ADDRESS, LANGUAGES, SCREENSHOTS, SPACES, browser, visitor, watched } from "./support.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [[360, 780], [768, 1024], [1440, 900]];
const SCHEMES = ["light", "dark"];
const ELSEWHERE = ["normal", "estimate", "full", "stale", "unknown", "long", "plain", "closed"];

const paths = {
  home: "",
  "home-search": "?q=biblio&show=open",
  "home-nothing": "?q=piscine",
  "not-found": "/spaces/nowhere",
};
for (const [state, slug] of Object.entries(SPACES)) paths[`space-${state}`] = `/spaces/${slug}`;
for (const state of ELSEWHERE) paths[`screen-${state}`] = `/screens/${SPACES[state]}`;
for (const state of ELSEWHERE) paths[`widget-${state}`] = `/widgets/${SPACES[state]}`;

let chromium;
const titles = new Map();
before(async () => {
  rmSync(SCREENSHOTS, { recursive: true, force: true });
  mkdirSync(SCREENSHOTS, { recursive: true });
  chromium = await browser();
});
after(() => chromium.close());

for (const language of LANGUAGES) {
  describe(`pages in ${language}`, { concurrency: 2 }, () => {
    for (const [name, path] of Object.entries(paths)) {
      it(name, async () => {
        const context = await visitor(chromium);
        const { page, seen } = await watched(context);
        await page.goto(`/${language}${path}`);
        // Evaluated by the test, not loaded by the page, whose policy stays what it is.
        await page.evaluate(AXE);
        for (const [width, height] of SIZES) {
          for (const colorScheme of SCHEMES) {
            await page.setViewportSize({ width, height });
            await page.emulateMedia({ colorScheme });
            const is = `${name} at ${width}, ${colorScheme}`;
            await page.screenshot({ path: `${SCREENSHOTS}/${name}-${width}-${colorScheme}-${language}.png`, fullPage: !name.startsWith("screen") });
            await fits(page, name, is);
            assert.deepEqual(await violations(page), [], is);
          }
        }
        await isInOrder(page, language);
        titles.set(`${language} ${name}`, await page.title());
        assert.deepEqual(complaints(seen, name), []);
        assert.deepEqual([...seen.hosts], [ADDRESS]);
        assert.deepEqual(await context.cookies(), [], "a cookie");
        await context.close();
      });
    }
  });
}

it("each page has a title of its own", () => {
  const all = [...titles.values()];
  assert.equal(all.length, LANGUAGES.length * Object.keys(paths).length);
  // A name that is the same in both languages makes the same title, so each language for itself.
  for (const language of LANGUAGES) {
    const own = [...titles].filter(([key]) => key.startsWith(language)).map(([, title]) => title);
    assert.deepEqual([...new Set(own)], own);
  }
});

// Nothing sticks out sideways; a screen in a hall has no scroll bar at all and nothing of it is cut off or covered.
async function fits(page, name, is) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${is}: ${over} px stick out`);
  if (!name.startsWith("screen")) return;
  const parts = await page.evaluate(() => {
    const box = (selector) => document.querySelector(selector)?.getBoundingClientRect().toJSON();
    return {
      height: document.documentElement.scrollHeight - innerHeight,
      header: box("header"), card: box(".now"), footer: box("footer"), end: box(".now > :last-child"), clock: box(".clock").height / Number.parseFloat(getComputedStyle(document.querySelector(".clock")).fontSize), list: box("footer > div"), screen: innerHeight,
    };
  });
  assert.equal(parts.height, 0, `${is}: it scrolls`);
  assert.ok(parts.clock < 1.5, `${is}: the time is broken over lines`);
  assert.ok(parts.header.bottom <= parts.card.top, `${is}: the name covers the figure`);
  assert.ok(parts.end.bottom <= parts.card.bottom, `${is}: the figure leaves its card`);
  assert.ok(parts.card.bottom <= Math.min(parts.footer.top, parts.list.top), `${is}: the figure covers the neighbours`);
  assert.ok(parts.footer.bottom <= parts.screen, `${is}: the neighbours are cut off`);
}

// What axe finds, in a line each.
async function violations(page) {
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
}

// One first heading, no level left out, and the language of the address.
async function isInOrder(page, language) {
  assert.equal(await page.evaluate(() => document.documentElement.lang), language);
  const levels = await page.evaluate(() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((heading) => heading.checkVisibility()).map((heading) => Number(heading.localName[1])));
  assert.equal(levels.filter((level) => level === 1).length, 1, `headings: ${levels}`);
  assert.equal(levels[0], 1, `headings: ${levels}`);
  levels.reduce((before, level) => {
    assert.ok(level <= before + 1, `headings: ${levels}`);
    return level;
  });
}

// A page that is not there says so in the console, and may.
function complaints(seen, name) {
  return seen.errors.filter((error) => name !== "not-found" || !error.includes("404"));
}
