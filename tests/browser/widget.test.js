// The widget in somebody else's page: it is framed, it is a picture, it moves, and nothing else can be framed.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, it } from "node:test";

import { ADDRESS, LANGUAGES, MOVING, SPACES, browser, get, space, visitor, walk } from "./support.js";

const STRANGER = `<!doctype html><title>Somebody else's page</title>
<iframe name="widget" src="${ADDRESS}/fr/widgets/${MOVING}" width="340" height="160"></iframe>
<iframe name="home" src="${ADDRESS}/fr"></iframe>
<iframe name="space" src="${ADDRESS}/fr/spaces/${MOVING}"></iframe>
<iframe name="screen" src="${ADDRESS}/fr/screens/${MOVING}"></iframe>
<img src="${ADDRESS}/fr/widgets/${SPACES.normal}.svg" alt="">`;

let chromium, server, page;
const complaints = [];
before(async () => {
  chromium = await browser();
  server = createServer((_, response) => response.setHeader("content-type", "text/html").end(STRANGER));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  page = await (await visitor(chromium)).newPage();
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: "load" });
});
after(async () => {
  await chromium.close();
  server.close();
});

it("it is framed by another origin, with its styles", async () => {
  const widget = page.frame("widget");
  await widget.locator(".card").waitFor();
  assert.equal(await widget.locator("h1").innerText(), "Learning centre");
  assert.equal(await widget.locator(".card").evaluate((card) => getComputedStyle(card).display), "grid");
  assert.ok(await widget.evaluate(() => document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth), "it needs scroll bars");
  assert.equal(await widget.locator("a").getAttribute("target"), "_top");
  assert.match(await widget.locator("a").getAttribute("href"), new RegExp(`^https://.*/fr/spaces/${MOVING}$`));
});

it("it moves there too", async () => {
  const { present, capacity } = await space(MOVING);
  await walk(36, 0);
  const percent = Math.round(((present + 36) * 100) / capacity);
  await page.frame("widget").getByText(`${percent}\u202F%`).waitFor({ timeout: 5_000 });
  await walk(0, 36);
});

it("no other page is framed", async () => {
  for (const name of ["home", "space", "screen"]) {
    const frame = await page.locator(`iframe[name=${name}]`).elementHandle();
    assert.ok(!(await frame.contentFrame()).url().startsWith(ADDRESS), name);
    assert.equal(await page.frameLocator(`iframe[name=${name}]`).locator("main").count(), 0, name);
  }
  const refused = complaints.filter((complaint) => complaint.includes("frame-ancestors 'none'"));
  assert.equal(refused.length, 3, `${complaints}`);
});

it("it is a picture that shows up", async () => {
  const picture = page.locator("img");
  assert.equal(await picture.evaluate(async (image) => { await image.decode(); return image.naturalWidth; }), 320);
  await picture.screenshot({ path: `${process.env.PARVIS_SCREENSHOTS}/widget-picture.png` });
});

it("the picture is well formed and says the same in every state", async () => {
  for (const language of LANGUAGES) {
    for (const [state, slug] of Object.entries(SPACES)) {
      const { text, headers } = await get(`/${language}/widgets/${slug}.svg`);
      assert.match(headers["content-type"], /^image\/svg\+xml/);
      const told = await page.evaluate((text) => {
        const document = new DOMParser().parseFromString(text, "image/svg+xml");
        if (document.querySelector("parsererror")) return "not well formed";
        return `${document.documentElement.getAttribute("aria-label")} | ${[...document.querySelectorAll("text")].map((line) => line.textContent).join(" | ")}`;
      }, text);
      const percent = { normal: "55", full: "104", estimate: "50", busy: "75" }[state];
      if (percent) assert.match(told, new RegExp(`${percent}\\s*%`), `${state}: ${told}`);
      if (["stale", "unknown", "closed", "shut", "plain"].includes(state)) assert.doesNotMatch(told, /%/, `${state}: ${told}`);
      if (state === "plain") assert.match(told, /57 /);
    }
  }
});
