// Figures move by themselves: on every kind of page, at once, without a reload, and without talking too much.

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";

import { MOVING, browser, space, until, visitor, walk } from "./support.js";

let chromium, context;
before(async () => { chromium = await browser(); });
beforeEach(async () => {
  await context?.close();
  context = await visitor(chromium);
});
after(() => chromium.close());

// Opens a page and leaves a mark that a reload would wipe away.
async function opened(path) {
  const page = await context.newPage();
  const stream = page.waitForResponse((response) => response.url().includes("/live/"));
  await page.goto(path);
  await stream;
  await page.evaluate(() => { window.mark = true; });
  return page;
}

// Waits until an element says something; the mark must still be there then.
async function says(page, selector, wanted) {
  await until(page, selector, wanted);
  assert.equal(await page.evaluate(() => window.mark), true, "the page was loaded again");
}

// How many seats will be free when some more have come in.
async function freeAfter(coming) {
  const { present, capacity } = await space(MOVING);
  return capacity - present - coming;
}

it("a reading reaches home, place, screen and widget", async () => {
  const pages = {
    [`#row-${MOVING}`]: await opened("/fr"),
    [`#now-${MOVING}`]: await opened(`/fr/spaces/${MOVING}`),
    [`.screen #now-${MOVING}`]: await opened(`/fr/screens/${MOVING}`),
  };
  const widget = await opened(`/fr/widgets/${MOVING}`);
  const free = await freeAfter(24);
  await walk(24, 0);
  const since = Date.now();
  for (const [selector, page] of Object.entries(pages)) await says(page, selector, `${free} places libres`);
  const percent = Math.round(((240 - free) * 100) / 240);
  await says(widget, `#widget-${MOVING}`, `${percent}\u202F%`);
  assert.ok(Date.now() - since < 3_000, "a moment is not that long");
  // And back again, as often as it happens.
  await walk(0, 24);
  for (const [selector, page] of Object.entries(pages)) await says(page, selector, `${free + 24} places libres`);
});

it("what moves is said at most once a minute", async () => {
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(`/fr/spaces/${MOVING}`);
  await page.evaluate(() => {
    window.mark = true;
    window.said = [];
    const place = document.querySelector("[aria-live=polite]");
    new MutationObserver(() => window.said.push(place.textContent)).observe(place, { childList: true, characterData: true, subtree: true });
  });
  const said = () => page.evaluate(() => window.said);
  const moves = async (people) => {
    const free = await freeAfter(people);
    await walk(Math.max(people, 0), Math.max(-people, 0));
    await says(page, `#now-${MOVING}`, `${free} places libres`);
  };
  assert.deepEqual(await said(), []);
  await moves(12);
  assert.equal((await said()).length, 1);
  assert.match((await said())[0], /^Learning centre\s: .*, \d+ pour cent$/);
  await moves(12);
  await moves(12);
  assert.equal((await said()).length, 1, "it talks too much");
  await page.clock.fastForward(61_000);
  await moves(-12);
  assert.equal((await said()).length, 2, "it fell silent");
  await moves(-24);
});

it("whoever is on a link or a star stays there when the figure moves", async () => {
  const page = await opened("/fr");
  for (const control of ["a", ".star"]) {
    await page.locator(`#row-${MOVING} ${control}`).focus();
    const free = await freeAfter(3);
    await walk(3, 0);
    await says(page, `#row-${MOVING}`, `${free} places libres`);
    assert.ok(await page.evaluate((selector) => document.activeElement.matches(selector), `#row-${MOVING} ${control}`), control);
  }
  await walk(0, 6);
});

it("a figure fades in, unless the reader wants no motion", async () => {
  for (const [reducedMotion, animation] of [["no-preference", "fade"], ["reduce", "none"]]) {
    const page = await opened("/fr");
    await page.emulateMedia({ reducedMotion });
    const free = await freeAfter(2);
    await walk(2, 0);
    await says(page, `#row-${MOVING}`, `${free} places libres`);
    const percent = page.locator(`#row-${MOVING} .percent`);
    assert.equal(await percent.evaluate((element) => getComputedStyle(element).animationName), animation, reducedMotion);
    const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => getComputedStyle(element).transitionDuration !== "0s").length);
    if (reducedMotion === "reduce") assert.equal(moving, 0);
  }
  await walk(0, 4);
});

it("a hidden tab holds no connection and is up to date when it is seen again", async () => {
  const page = await opened("/fr");
  const hide = (hidden) => page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await hide(true);
  const free = await freeAfter(9);
  await walk(9, 0);
  await page.waitForTimeout(1_000);
  assert.ok(!(await page.locator(`#row-${MOVING}`).innerText()).includes(`${free} places libres`), "the connection was kept");
  await hide(false);
  await says(page, `#row-${MOVING}`, `${free} places libres`);
  await walk(0, 9);
});
