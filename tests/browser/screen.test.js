// A screen in a hall outlives its network: it keeps its figure, says as of when, its clock goes on, and it recovers.

import assert from "node:assert/strict";
import { createServer, connect } from "node:net";
import { after, before, it } from "node:test";

import { ADDRESS, MOVING, browser, space, until, visitor, walk } from "./support.js";

let chromium, wire;
before(async () => {
  chromium = await browser();
  wire = await Wire.laid();
});
after(async () => {
  await chromium.close();
  wire.take();
});

// A wire between browser and service. Cut silently, nothing arrives, nothing is refused, nobody is told; cut loudly, what
// hangs on it ends and what is new is refused.
class Wire {
  sockets = new Set();
  state = "whole";

  static async laid() {
    const wire = new Wire();
    wire.server = createServer((near) => wire.join(near));
    await new Promise((resolve) => wire.server.listen(0, "127.0.0.1", resolve));
    wire.address = `https://127.0.0.1:${wire.server.address().port}`;
    return wire;
  }

  join(near) {
    this.keep(near);
    if (this.state === "silent") return void near.pause();
    if (this.state === "refusing") return void near.destroy();
    const { hostname, port } = new URL(ADDRESS);
    const far = this.keep(connect(port, hostname));
    near.pipe(far).pipe(near);
  }

  keep(socket) {
    this.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.sockets.delete(socket));
    return socket;
  }

  cut(state) {
    this.state = state;
    for (const socket of this.sockets) state === "silent" ? socket.unpipe().pause() : socket.destroy();
  }

  // What hung on the old wire stays dead, as after a real cut.
  mend() {
    this.state = "whole";
  }

  take() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

for (const state of ["silent", "refusing"]) {
  it(`it outlives a ${state} network`, async () => {
    wire.mend();
    const context = await visitor(chromium, { baseURL: wire.address, viewport: { width: 1920, height: 1080 } });
    const page = await context.newPage();
    await page.clock.install();
    const stream = page.waitForResponse((response) => response.url().includes("/live/"));
    await page.goto(`/fr/screens/${MOVING}`);
    await stream;
    await page.evaluate(() => { window.mark = true; });
    const notice = page.locator("[data-notice]");
    const clock = () => page.locator("[data-clock]").innerText();
    const figure = () => page.locator(".now").innerText();
    assert.ok(!(await notice.isVisible()));

    const [before, cutAt] = [await figure(), await clock()];
    wire.cut(state);
    const { present, capacity } = await space(MOVING);
    await walk(7, 0);
    // Ten silent seconds are nothing; forty are an end.
    await page.clock.fastForward(10_000);
    assert.ok(!(await notice.isVisible()), "it complains too early");
    await page.clock.fastForward(30_000);
    await notice.waitFor({ timeout: 10_000 });
    const told = await notice.innerText();
    assert.match(told, /^Pas de connexion\. Chiffres de \d+:\d\d$/);
    const since = told.match(/\d+:\d\d/)[0];
    assert.ok(minutes(cutAt) - minutes(since) <= 1 && minutes(since) <= minutes(cutAt) + 1, `${since}, cut at ${cutAt}`);
    assert.equal(await figure(), before, "the figure is gone");
    await page.clock.fastForward(180_000);
    await page.waitForTimeout(1_500);
    const passed = minutes(await clock()) - minutes(cutAt);
    assert.ok(passed >= 3 && passed <= 5, `the clock went on for ${passed} minutes`);
    assert.equal((await notice.innerText()).match(/\d+:\d\d/)[0], since, "the time of the last figures moved");
    await page.screenshot({ path: `${process.env.PARVIS_SCREENSHOTS}/screen-${state}.png` });
    assert.equal(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight), 0, "it scrolls");

    wire.mend();
    await until(page, ".now", `${capacity - present - 7} places libres`, 20_000);
    await notice.waitFor({ state: "hidden", timeout: 10_000 });
    assert.equal(await page.evaluate(() => window.mark), true, "it was loaded again");
    await walk(0, 7);
    await context.close();
  });
}

it("its times are those of the place, wherever the browser thinks it is", async () => {
  const times = [];
  for (const timezoneId of ["Pacific/Auckland", "America/Los_Angeles"]) {
    const context = await visitor(chromium, { timezoneId });
    const page = await context.newPage();
    await page.goto(`/fr/screens/${MOVING}`);
    await page.waitForTimeout(1_500);
    times.push(minutes(await page.locator("[data-clock]").innerText()));
    await context.close();
  }
  assert.ok(times[1] - times[0] <= 1, `${times}`);
  // The campus lives in early afternoon when the tests start.
  assert.ok(times[0] >= 14 * 60 && times[0] < 17 * 60, `${times}`);
});

function minutes(time) {
  const [hours, minutes] = time.match(/\d+/g).map(Number);
  return hours * 60 + minutes;
}
