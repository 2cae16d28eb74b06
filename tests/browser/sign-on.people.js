// Campus sign-on in a real browser, with a provider that really runs: what the rules give, what that allows and what it
// does not, and signing out everywhere.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { ADDRESS, SCREENSHOTS, browser, visitor } from "./support.js";

const PROVIDER = process.env.PARVIS_PROVIDER;
const SPACE = "library";

let chromium;

before(async () => {
  mkdirSync(`${SCREENSHOTS}/people`, { recursive: true });
  chromium = await browser();
});

after(() => chromium?.close());

async function someone() {
  return (await visitor(chromium, { locale: "en-GB" })).newPage();
}

// Waits until the page that is open is one of Parvis, whatever it is asked there.
function reached(page, path) {
  return page.waitForURL((url) => url.origin === ADDRESS && url.pathname === path);
}

// From the page of Parvis through those of the provider and back.
async function signIn(page, login, wanted) {
  await page.goto(`/sign-in?return=${encodeURIComponent(wanted)}`);
  await page.getByRole("link", { name: "Campus campus" }).click();
  await page.waitForURL((url) => url.origin === PROVIDER);
  await page.fill("[name=login]", login);
  await page.fill("[name=password]", "any");
  await page.locator("button[type=submit]").click();
  await page.getByRole("button", { name: "Continue" }).click();
  await reached(page, wanted);
}

async function looked(page, name) {
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `${SCREENSHOTS}/people/sign-on-${name}-${width}.png`, fullPage: true });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} at ${width}: ${over} px stick out`);
  }
}

// What the service answers to the page that is open: its cookies go along, and the token of its form.
function answer(page, path, fields) {
  return page.evaluate(async ([path, fields]) => {
    if (!fields) return (await fetch(path)).status;
    const token = document.querySelector("[name=token]").value;
    return (await fetch(path, { method: "POST", body: new URLSearchParams({ token, ...fields }) })).status;
  }, [path, fields]);
}

// What a program gets for a recount.
async function recount(page, secret, people) {
  const sent = await page.context().request.post(`${ADDRESS}/api/v1/spaces/${SPACE}/recounts`, {
    headers: { authorization: `Bearer ${secret}` }, data: { people, reason: "evening round" },
  });
  return sent.status();
}

// How many people the service says there are, once it has had a moment to say so.
async function present(page, wanted) {
  for (let tries = 0; ; tries += 1) {
    const answer = await page.context().request.get(`${ADDRESS}/api/v1/spaces/${SPACE}`);
    const { present } = await answer.json();
    if (present === wanted || tries === 50) return present;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function session(page) {
  return (await page.context().cookies(ADDRESS)).find(({ name }) => name === "__Host-session")?.value;
}

test("a porter may count, by page and by program, and nothing else", async () => {
  const page = await someone();
  // What pages of Parvis ask others for; those of the provider are its own affair.
  const strays = [];
  page.on("request", (request) => {
    const isOurs = page.url().startsWith(ADDRESS) && !request.isNavigationRequest();
    if (isOurs && new URL(request.url()).origin !== ADDRESS) strays.push(request.url());
  });
  await page.goto("/sign-in");
  await looked(page, "choice");
  await signIn(page, "bob+porter", "/me");
  await page.getByText("Execution").first().waitFor();
  await looked(page, "account");
  // By page.
  await page.goto(`/admin/spaces/${SPACE}/recount`);
  await page.fill("#people", "12");
  await page.fill("#reason", "seen");
  await page.getByRole("button", { name: "Save the count" }).last().click();
  await page.locator("[role=status]").waitFor();
  assert.equal(await present(page, 12), 12);
  // By program, with a token of theirs.
  await page.goto("/me");
  await page.fill("#name", "evening round");
  for (const scope of await page.locator("[name=scope]").all()) await scope.check();
  await page.getByRole("button", { name: "Make a token" }).click();
  const secret = await page.locator(".secret").innerText();
  assert.equal(await recount(page, secret, 34), 201);
  assert.equal(await present(page, 34), 34);
  // What the role does not allow is not offered, and refused to whoever asks all the same.
  await page.goto("/admin");
  const offered = await page.locator("main a").evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  for (const path of ["/admin/people", "/admin/issuers", "/admin/institution", "/admin/new/site", "/admin/audit"]) {
    assert.ok(!offered.includes(path), `${path} is offered`);
    assert.equal(await answer(page, path), 403, path);
  }
  await page.goto(`/admin/spaces/${SPACE}/recount`);
  const forged = { "/admin/people": { name: "Mallory" }, "/admin/institution": { name_en: "Ours" }, [`/admin/sites/${SPACE}/details`]: { address: "Elsewhere" } };
  for (const [path, fields] of Object.entries(forged)) assert.equal(await answer(page, path, fields), 403, path);
  assert.deepEqual(strays, []);
});

test("an administrator by group may administer", async () => {
  const page = await someone();
  await signIn(page, "ada", "/admin/people");
  assert.equal(await answer(page, "/admin/issuers"), 200);
  await page.goto("/admin");
  await looked(page, "administration");
});

test("signing out here is signing out at the provider", async () => {
  const page = await someone();
  await signIn(page, "bob+leaver", "/me");
  const stolen = await session(page);
  await page.locator("form[action='/sign-out'] button").click();
  await page.waitForURL((url) => url.origin === PROVIDER);
  const thief = await someone();
  await thief.context().addCookies([{ name: "__Host-session", value: stolen, url: ADDRESS, secure: true }]);
  await thief.goto("/me");
  await reached(thief, "/sign-in");
  await page.getByRole("button", { name: "Yes" }).click();
  await reached(page, "/signed-out");
  await page.getByText("everywhere").first().waitFor();
  await looked(page, "signed-out");
  // The provider no longer knows them: it asks for the password.
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Campus campus" }).click();
  await page.locator("[name=password]").waitFor();
});

test("signing out at the provider ends the session here", async () => {
  const page = await someone();
  await signIn(page, "bob+elsewhere", "/me");
  await page.goto(`${PROVIDER}/session/end`);
  await page.getByRole("button", { name: "Yes" }).click();
  for (let tries = 0; ; tries += 1) {
    await page.goto(`${ADDRESS}/me`);
    if (new URL(page.url()).pathname === "/sign-in") break;
    assert.ok(tries < 50, "the session is still open");
  }
});

test("one session ends all the others of its person", async () => {
  const [here, there] = [await someone(), await someone()];
  await signIn(here, "bob+twice", "/me");
  await signIn(there, "bob+twice", "/me");
  await here.reload();
  await here.getByRole("button", { name: "End all others" }).click();
  await there.goto("/me");
  await reached(there, "/sign-in");
  await here.goto("/me");
  await reached(here, "/me");
});
