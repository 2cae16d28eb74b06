// What the browser tests share: the service under test, a browser, the pages there are, and readings to move them.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium, request } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const ADDRESS = process.env.PARVIS_ADDRESS;
export const SCREENSHOTS = process.env.PARVIS_SCREENSHOTS;
export const DEVICE = process.env.PARVIS_DEVICE;

if (!ADDRESS) throw new Error("PARVIS_ADDRESS is not set: run these tests with `make browser`");

// The states of the campus, as campus.toml describes them: a space for each.
export const SPACES = {
  normal: "central-library",
  part: "ground-floor",
  quiet: "science-library",
  busy: "law-library",
  empty: "learning-centre",
  full: "canteen",
  estimate: "gym",
  stale: "reading-room",
  unknown: "map-room",
  long: "long-names",
  plain: "forum",
  closed: "archives",
  shut: "pavilion",
};

export const LANGUAGES = ["fr", "en"];

// The one whose door the tests move.
export const MOVING = SPACES.empty;

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

// A browser with an empty profile.
export function browser(flags = []) {
  return chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: [...FLAGS, ...flags] });
}

// A visitor: a context of their own. The certificate is self-made.
export function visitor(browser, wishes = {}) {
  return browser.newContext({ ignoreHTTPSErrors: true, locale: "fr-FR", baseURL: ADDRESS, reducedMotion: "reduce", ...wishes });
}

// A page that remembers what went wrong on it and where it asked.
export async function watched(context) {
  const page = await context.newPage();
  const seen = { errors: [], hosts: new Set() };
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) seen.errors.push(message.text()); });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith("data:")) seen.hosts.add(new URL(request.url()).origin); });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return { page, seen };
}

// The page that is open: as it looks on a phone and on a desk, kept below a folder, and what axe finds on it.
export async function looked(page, folder, name) {
  mkdirSync(`${SCREENSHOTS}/${folder}`, { recursive: true });
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `${SCREENSHOTS}/${folder}/${name}-${width}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${name} scrolls sideways at ${width}`);
  }
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const lines = found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`);
  assert.deepEqual(lines, [], name);
}

// People walk through the moving door just now, as a Xovis sensor tells it: forward are those who come in. No interval
// may reach into one that is counted already, so each is short.
let counted = 0;
export async function walk(forward, backward) {
  const from = Math.max(counted, Date.now() - 20);
  const to = Math.max(from + 1, Date.now());
  counted = to;
  const package_ = {
    logics_data: {
      package_info: { version: "5.0", id: to % 100_000, agent_id: 1008 },
      sensor_info: { serial_number: DEVICE, type: "SINGLE_SENSOR" },
      logics: [{
        id: 1, name: "Line", info: "XLT_LINE_IN_OUT_COUNT",
        records: [{
          from, to, samples: 1, samples_expected: 1,
          counts: [{ id: 2, name: "fw", value: forward }, { id: 3, name: "bw", value: backward }],
        }],
      }],
    },
  };
  const answer = await asked((client) => client.post(`${ADDRESS}/ingest/${process.env.PARVIS_GATEWAY}`, {
    data: package_, headers: { authorization: `Bearer ${process.env.PARVIS_SECRET}` },
  }));
  if (answer.status !== 200 || JSON.parse(answer.text).stored !== 1) throw new Error(`the door answered ${answer.status}: ${answer.text}`);
}

// Waits until an element says something; asked from here, because a page's own timers stand still in a hidden tab and
// under a clock of the tests.
export async function until(page, selector, wanted, patience = 5_000) {
  const since = Date.now();
  for (;;) {
    const told = await page.evaluate((selector) => document.querySelector(selector)?.innerText, selector);
    if (told?.includes(wanted)) return;
    if (Date.now() - since > patience) throw new Error(`${selector} says "${told}", not "${wanted}"`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// A space as the API tells it, now: its answers are up to a tenth of a second old.
export async function space(slug) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return JSON.parse((await get(`/api/v1/spaces/${slug}`)).text);
}

// What an address answers.
export function get(path) {
  return asked((client) => client.get(`${ADDRESS}${path}`));
}

async function asked(ask) {
  const client = await request.newContext({ ignoreHTTPSErrors: true });
  try {
    const answer = await ask(client);
    return { status: answer.status(), headers: answer.headers(), text: await answer.text() };
  } finally {
    await client.dispose();
  }
}
