// Passkeys in a real browser, with a virtual authenticator: an administrator adds one, signs in with it alone, and uses it
// as the second step after a password.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as support from "./support.js";
import { ADDRESS, browser, visitor, watched } from "./support.js";

const PASSWORD = "lampe violette harpe";

let chromium, page, seen, authenticator, devtools;

before(async () => {
  const { host } = new URL(ADDRESS);
  chromium = await browser([`--host-resolver-rules=MAP ${host.split(":")[0]} ${process.env.PARVIS_HOST}`]);
  const context = await visitor(chromium, { locale: "en-GB" });
  ({ page, seen } = await watched(context));
  devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  ({ authenticatorId: authenticator } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  }));
});

after(() => chromium?.close());

function looked(name) {
  return support.looked(page, "people", name);
}

// Waits until the page that is open is at an address, whatever it is asked there.
function reached(path) {
  return page.waitForURL((url) => url.pathname === path);
}

async function signOut() {
  await page.goto("/me");
  await page.locator("form[action='/sign-out'] button").click();
  await reached("/sign-in");
}

// What an address answers to the page that is open.
function status(path) {
  return page.evaluate(async (path) => (await fetch(path)).status, path);
}

async function cookie(name) {
  return (await page.context().cookies()).find((cookie) => cookie.name === name)?.value;
}

test("an administrator with a password alone is asked for more, and a passkey is enough", async () => {
  await page.goto(process.env.PARVIS_LINK);
  await looked("invitation");
  await page.fill("#password", "123456789012345");
  await page.fill("#again", "123456789012345");
  await page.locator("main button").click();
  await page.locator("[role=alert]").filter({ hasText: /./ }).waitFor();
  await looked("invitation-weak");
  await page.fill("#password", PASSWORD);
  await page.fill("#again", PASSWORD);
  await page.locator("main button").click();
  await reached("/me/security");
  await looked("security-weak");
  await page.locator("form[action='/me/codes'] button").click();
  await page.locator("#code").waitFor();
  await looked("codes");
  await page.goto("/me/security");
  assert.equal(await status("/admin/people"), 403);
  const weak = await cookie("__Host-session");
  await page.fill("#passkey-name", "Laptop");
  await page.locator("form[data-passkey=create] button").click();
  await reached("/admin");
  await page.goto("/me/security");
  await page.getByText("Laptop").waitFor();
  assert.notEqual(await cookie("__Host-session"), weak);
  assert.equal(await status("/admin/people"), 200);
  await looked("security-strong");
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId: authenticator });
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].rpId, new URL(ADDRESS).hostname);
});

test("a passkey alone signs in", async () => {
  await signOut();
  assert.equal(await cookie("__Host-session"), undefined);
  await page.goto("/sign-in?return=/admin/people");
  await page.locator("form[data-passkey=get] button").click();
  await reached("/admin/people");
});

test("a passkey is the second step after a password", async () => {
  await signOut();
  await page.goto("/sign-in");
  await looked("sign-in");
  await page.fill("#login", "ada");
  await page.fill("#password", "wrong");
  await page.locator("form[action='/sign-in/local'] button").click();
  await page.locator("#sign-in-problem").waitFor();
  await looked("sign-in-wrong");
  await page.fill("#login", "ada");
  await page.fill("#password", PASSWORD);
  await page.locator("form[action='/sign-in/local'] button").click();
  await reached("/sign-in/second");
  assert.equal(await cookie("__Host-session"), undefined);
  await looked("second");
  await page.locator("form[data-passkey=get] button").click();
  await reached("/admin");
});

test("a device that does not verify its user is not let in", async () => {
  await signOut();
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId: authenticator, isUserVerified: false });
  await page.goto("/sign-in");
  await page.locator("form[data-passkey=get] button").click();
  await page.locator("form[data-passkey=get] [role=alert]").filter({ hasText: /./ }).waitFor();
  assert.equal(await cookie("__Host-session"), undefined);
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId: authenticator, isUserVerified: true });
});

test("an answer is good once", async () => {
  await page.goto("/sign-in?return=/me");
  let sent;
  await page.route("**/sign-in/passkey", async (route) => {
    sent = { body: route.request().postData(), cookies: await page.context().cookies() };
    await route.continue();
  });
  await page.locator("form[data-passkey=get] button").click();
  await reached("/me");
  await page.unroute("**/sign-in/passkey");
  await signOut();
  // The same answer with the same cookies, from a browser of its own.
  const other = await visitor(chromium);
  const thief = await other.newPage();
  await thief.goto("/sign-in");
  await other.addCookies(sent.cookies);
  const ended = await thief.evaluate(async (body) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await fetch("/sign-in/passkey", { method: "POST", body, headers });
    return [answer.status, new URL(answer.url).pathname];
  }, sent.body);
  assert.deepEqual(ended, [200, "/sign-in"]);
  await other.close();
});

test("the pages keep to their policy", () => {
  // What was asked for without a role that lets in, and what was wrong on purpose.
  const errors = seen.errors.filter((error) => !/40[03]|422|NotAllowedError/.test(error));
  assert.deepEqual(errors, []);
  assert.deepEqual([...seen.hosts], [ADDRESS]);
});
