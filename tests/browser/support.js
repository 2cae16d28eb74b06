// What the browser tests share: the service under test, a browser, the pages there are, and readings to move them.

import { chromium } from "playwright-core";

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
export function browser() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: FLAGS });
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

// People walk through the moving door, as a Xovis sensor tells it: forward are those who come in. No two packages of a
// test run speak of the same interval, or the second would be taken for a repetition of the first.
let interval = 0;
export async function walk(forward, backward) {
  interval += 1;
  const to = Math.floor(Date.now() / 60_000) * 60_000 - interval;
  const package_ = {
    logics_data: {
      package_info: { version: "5.0", id: interval, agent_id: 1008 },
      sensor_info: { serial_number: DEVICE, type: "SINGLE_SENSOR" },
      logics: [{
        id: 1, name: "Line", info: "XLT_LINE_IN_OUT_COUNT",
        records: [{
          from: to - 60_000, to, samples: 1, samples_expected: 1,
          counts: [{ id: 2, name: "fw", value: forward }, { id: 3, name: "bw", value: backward }],
        }],
      }],
    },
  };
  const answer = await post(`/ingest/${process.env.PARVIS_GATEWAY}`, package_);
  if (answer.status !== 200) throw new Error(`the door answered ${answer.status}: ${answer.text}`);
}

// Sends JSON to the door with the gateway's secret.
async function post(path, body) {
  const request = (await import("playwright-core")).request;
  const client = await request.newContext({ ignoreHTTPSErrors: true });
  try {
    const answer = await client.post(`${ADDRESS}${path}`, {
      data: body, headers: { authorization: `Bearer ${process.env.PARVIS_SECRET}` },
    });
    return { status: answer.status(), text: await answer.text() };
  } finally {
    await client.dispose();
  }
}
