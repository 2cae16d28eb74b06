// The pages of staff: they fit a phone, are accessible, work without scripts, and say what happened.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { ADDRESS, LANGUAGES, MOVING, SCREENSHOTS, SPACES, browser, visitor, watched } from "./support.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [[360, 780], [1440, 900]];

const paths = {
  home: "/admin",
  institution: "/admin/institution",
  site: "/admin/sites/central",
  "site-details": "/admin/sites/central/details",
  "site-contents": "/admin/sites/central/contents",
  "site-hours": "/admin/sites/central/hours",
  "site-new": "/admin/new/site",
  "exceptional-days": "/admin/exceptional-days",
  "space-details": `/admin/spaces/${SPACES.normal}/details`,
  "space-new": "/admin/sites/central/spaces",
  capacities: "/admin/sites/central/capacities",
  notices: "/admin/sites/central/notices",
  pictures: "/admin/sites/central/pictures",
  recount: `/admin/spaces/${MOVING}/recount`,
  gateways: "/admin/gateways",
  gateway: `/admin/gateways/${process.env.PARVIS_GATEWAY}`,
  "gateway-edit": `/admin/gateways/${process.env.PARVIS_GATEWAY}/edit`,
  sensors: "/admin/sensors",
  adopt: "/admin/sensors/adopt",
  people: "/admin/people",
  "issuer-new": "/admin/issuers/new",
  machine: "/admin/machine",
  certificate: "/admin/certificate",
  audit: "/admin/audit",
  ports: "/admin/ports",
};

let chromium;
before(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  chromium = await browser();
});
after(() => chromium.close());

function signIn(context) {
  return context.addCookies([{ name: "__Host-session", value: process.env.PARVIS_SESSION, url: ADDRESS, secure: true, httpOnly: true, sameSite: "Lax" }]);
}

// Somebody who may do everything.
async function staff(wishes = {}) {
  const context = await visitor(chromium, wishes);
  await signIn(context);
  return context;
}

async function violations(page) {
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
}

async function holds(page, name) {
  await page.evaluate(AXE);
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `${SCREENSHOTS}/staff-${name}-${width}.png`, fullPage: true });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} at ${width}: ${over} px stick out`);
    assert.deepEqual(await violations(page), [], `${name} at ${width}`);
  }
}

for (const language of LANGUAGES) {
  describe(`pages of staff in ${language}`, { concurrency: 2 }, () => {
    for (const [name, path] of Object.entries(paths)) {
      it(name, async () => {
        const context = await staff();
        const { page, seen } = await watched(context);
        const answer = await page.goto(`${path}?lang=${language}`);
        assert.equal(answer.status(), 200);
        assert.equal(await page.evaluate(() => document.documentElement.lang), language);
        await holds(page, `${name}-${language}`);
        assert.deepEqual(seen.errors, []);
        assert.deepEqual([...seen.hosts], [ADDRESS]);
        await context.close();
      });
    }
  });
}

it("without scripts: a space is added as a draft, its mistake told beside the field, and it is retired again", async () => {
  const context = await staff({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/admin/sites/central/spaces?lang=en");
  await page.getByLabel("Name in addresses").fill("Not A Slug");
  await page.getByLabel("English").first().fill("Study corner");
  await page.getByRole("button", { name: "Save" }).click();
  assert.match(await page.locator("#f-slug-wrong1").innerText(), /Use a-z/);
  assert.equal(await page.getByLabel("English").first().inputValue(), "Study corner");
  await page.getByLabel("Name in addresses").fill("study-corner");
  await page.getByRole("button", { name: "Save" }).click();
  assert.match(page.url(), /\/admin\/sites\/central$/);
  const card = page.locator("li.card", { hasText: "Study corner" });
  assert.match(await card.innerText(), /draft/i);
  await page.goto("/en");
  assert.equal(await page.getByText("Study corner").count(), 0);
  await page.goto("/admin/spaces/study-corner/details?lang=en");
  await page.locator("summary").click();
  await page.getByRole("button", { name: "Retire it" }).click();
  assert.equal(await page.locator("li.card", { hasText: "Study corner" }).count(), 0);
  await context.close();
});

it("the large buttons of a recount count at once, and the figure follows", async () => {
  const context = await staff({ viewport: { width: 360, height: 780 } });
  const { page, seen } = await watched(context);
  await page.goto(`/admin/spaces/${MOVING}/recount?lang=en`);
  const number = page.locator("#people");
  await number.fill("40");
  await page.getByRole("button", { name: "One more" }).click();
  await page.getByRole("button", { name: "One more" }).click();
  await page.getByRole("button", { name: "One less" }).click();
  assert.equal(await number.inputValue(), "41");
  for (const name of ["One more", "One less"]) {
    const box = await page.getByRole("button", { name }).boundingBox();
    assert.ok(box.width >= 44 && box.height >= 44, `${name}: ${JSON.stringify(box)}`);
  }
  await page.getByRole("button", { name: "Save the count" }).click();
  await page.getByText("The count is noted.").waitFor();
  assert.deepEqual(seen.errors, []);
  await context.close();
});

it("what was typed is in its form again when the sign-in ended meanwhile", async () => {
  const context = await staff();
  const page = await context.newPage();
  await page.goto("/admin/people?lang=en");
  await page.fill("#name", "Grace");
  await context.clearCookies();
  await page.getByRole("button", { name: "Add a person" }).click();
  const link = page.locator("main").getByRole("link").first();
  assert.equal(await link.getAttribute("href"), "/sign-in?return=%2Fadmin%2Fpeople%3Flang%3Den");
  await signIn(context);
  await page.goto("/admin/people?lang=en");
  assert.equal(await page.inputValue("#name"), "Grace");
  // It waited for that once.
  await page.goto("/admin/people?lang=en");
  assert.equal(await page.inputValue("#name"), "");
  await context.close();
});

it("hours show their effect before they are saved", async () => {
  const context = await staff();
  const { page } = await watched(context);
  await page.goto("/admin/sites/central/hours?lang=en");
  await page.getByLabel("Regular hours").fill("Mo-Su 10:00-12:00");
  await page.getByRole("button", { name: "Show the effect before saving" }).click();
  assert.ok((await page.locator("tr.changed").count()) >= 10);
  await holds(page, "hours-preview");
  await context.close();
});
