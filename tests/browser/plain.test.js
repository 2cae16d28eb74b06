// Without JavaScript: pages are complete, and everything there is to do can be done.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { SPACES, browser, visitor } from "./support.js";

let chromium, page;
before(async () => {
  chromium = await browser();
  page = await (await visitor(chromium, { javaScriptEnabled: false })).newPage();
});
after(() => chromium.close());

const names = () => page.locator(".row h3").allTextContents();

it("the home page tells every place, those that are open and have room first", async () => {
  await page.goto("/fr");
  const all = await names();
  assert.equal(all.length, 12);
  assert.deepEqual(all.slice(0, 2), ["Learning centre", "Bibliothèque des sciences"]);
  assert.deepEqual(all.slice(-2), ["Salle des archives", "Pavillon d’été"]);
  assert.match(await page.locator("#row-central-library").innerText(), /Affluence modérée[^]*55\s*%[^]*144 places libres sur 320[^]*ferme à 22:00/);
  assert.match(await page.locator("#row-canteen").innerText(), /Complet[^]*104\s*%[^]*aucune place libre sur 250/);
  assert.match(await page.locator("#row-gym").innerText(), /environ 40 places libres sur 80[^]*Estimation/);
  assert.match(await page.locator("#row-forum").innerText(), /57 personnes sur place/);
  // What is not known is not told as nobody.
  for (const state of ["stale", "unknown"]) {
    const row = page.locator(`#row-${SPACES[state]}`);
    assert.match(await row.innerText(), /Pas de données/);
    assert.doesNotMatch(await row.innerText(), /%|\b0\b/);
    assert.equal(await row.locator(".meter").count(), 0);
  }
  // A control that would do nothing is not there.
  assert.equal(await page.locator("button:visible").count(), 1);
});

it("the form searches, the filters narrow, and each keeps the other", async () => {
  await page.goto("/fr");
  await page.getByRole("searchbox").fill("ete");
  await page.getByRole("button", { name: "Chercher" }).click();
  assert.deepEqual(await names(), ["Pavillon d’été"]);
  await page.getByRole("link", { name: "Ouverts" }).click();
  assert.deepEqual(await names(), []);
  assert.ok(await page.getByText("Aucun lieu ne correspond.").isVisible());
  assert.equal(await page.getByRole("searchbox").inputValue(), "ete");
  await page.getByRole("searchbox").fill("bibliothèque");
  await page.getByRole("button", { name: "Chercher" }).click();
  assert.match(page.url(), /show=open/);
  assert.equal((await names()).length, 4);
  await page.getByRole("link", { name: "Avec de la place" }).click();
  assert.deepEqual(await names(), ["Bibliothèque des sciences"]);
  assert.equal(await page.locator(".chips [aria-current]").innerText(), "Avec de la place");
});

it("the language changes and stays", async () => {
  await page.goto("/fr");
  await page.getByRole("link", { name: "English" }).click();
  assert.equal(await page.locator("h1").innerText(), "Where is there room?");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.getByRole("link", { name: "Central library" }).click();
  assert.equal(new URL(page.url()).pathname, "/en/spaces/central-library");
  await page.getByRole("link", { name: "Français" }).click();
  assert.equal(new URL(page.url()).pathname, "/fr/spaces/central-library");
});

it("a place tells its hours, its days of its own, and its day as a table", async () => {
  await page.goto(`/fr/spaces/${SPACES.normal}`);
  assert.match(await page.locator("main").innerText(), /10:00 – 16:00/);
  assert.match(await page.locator("main").innerText(), /Inventaire annuel/);
  assert.ok(await page.getByRole("img", { name: /Personnes présentes .* 176 maintenant/ }).isVisible());
  const table = page.locator("details table");
  assert.ok(!(await table.isVisible()));
  await page.getByText("Voir en tableau").click();
  assert.ok(await table.isVisible());
  const rows = await table.locator("tbody tr").allInnerTexts();
  assert.ok(rows.length >= 6, `${rows.length} rows`);
  for (const row of rows) assert.match(row, /^\d{1,2}:00\s+\d+$/);
  assert.deepEqual(await page.locator(".rows h3").allTextContents(), ["Rez-de-chaussée", "Étage"]);
});

it("a silent place says since when, and its curve ends there", async () => {
  await page.goto(`/fr/spaces/${SPACES.stale}`);
  const now = (await page.locator(".now").innerText()).replace(/\u00A0/g, " ");
  const [, since] = now.match(/Pas de données depuis (\d+:\d\d)\. Dernier comptage : 21 personnes\./);
  const label = await page.locator(".chart .label").textContent();
  const [, end] = label.match(/^21 à (\d+:\d\d)$/);
  const minutes = (time) => time.split(":").reduce((hours, minutes) => hours * 60 + Number(minutes), 0);
  assert.ok(minutes(end) <= minutes(since) && minutes(end) > minutes(since) - 6, `${end} and ${since}`);
});

it("a place nobody counted has no curve", async () => {
  await page.goto(`/fr/spaces/${SPACES.unknown}`);
  assert.equal(await page.locator(".chart").count(), 0);
  assert.ok(await page.getByText("Rien n’a encore été compté aujourd’hui.").isVisible());
});

it("screen and widget show their figure and come again by themselves", async () => {
  for (const kind of ["screens", "widgets"]) {
    await page.goto(`/fr/${kind}/${SPACES.normal}`);
    assert.match(await page.locator("main").innerText(), /Affluence modérée[^]*55\s*%/, kind);
    assert.match(await (await page.request.get(page.url())).text(), /<noscript><meta http-equiv="refresh"/, kind);
  }
});
