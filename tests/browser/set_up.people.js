// A machine is set up in a real browser, as somebody with a phone does it who has read its console: at an address first, at
// its name in the end.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import * as support from "./support.js";
import { ADDRESS, browser, visitor, watched } from "./support.js";

const PASSWORD = "lampe violette harpe";

let chromium, page, seen, devtools;

before(async () => {
  const { hostname } = new URL(ADDRESS);
  chromium = await browser([`--host-resolver-rules=MAP ${process.env.PARVIS_NAME} ${hostname}`]);
  const context = await visitor(chromium, { locale: "en-GB", viewport: { width: 360, height: 740 } });
  ({ page, seen } = await watched(context));
  devtools = await context.newCDPSession(page);
});

after(() => chromium?.close());

function looked(name) {
  return support.looked(page, "set-up", name);
}

function reached(path) {
  return page.waitForURL((url) => url.pathname === path);
}

// Opens an address of a service that begins again just now.
async function opened(address) {
  for (let left = 100; ; left -= 1) {
    try {
      const answer = await page.goto(address);
      if (answer.status() !== 503) return;
      throw new Error("it has not begun again yet");
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

test("whoever reads the console sets the machine up, and nothing needs a script", async () => {
  await page.goto("/");
  await reached("/set-up");
  assert.equal(await page.locator("script").count(), 0);
  await looked("code");
  await page.fill("#code", "AAAA-BBBB-CCCC");
  await page.locator("main button").click();
  await page.locator("[role=alert]").waitFor();
  await looked("code-wrong");
  await page.fill("#code", readFileSync(process.env.PARVIS_CODE_FILE, "utf8").trim());
  await page.locator("main button").click();
  await page.locator("#f-web-public_name").waitFor();
  assert.equal(await page.inputValue("#f-web-public_name"), "", "an address is no name to propose");
  assert.equal(await page.locator("script").count(), 0);
  await looked("answers");
  await page.locator("button[value=save]").click();
  await page.locator("[role=alert]").waitFor();
  await looked("answers-wrong");
  for (const [field, value] of [
    ["institution-name-fr", "Université d’Exemple"], ["institution-name-en", "Example University"],
    ["institution-security_officer", "Ada Moreau"], ["institution-security_contact", "security@uni.example"],
    ["web-public_name", process.env.PARVIS_NAME], ["administrator-name", "Ada Moreau"], ["administrator-login", "ada"],
  ]) await page.fill(`#f-${field}`, value);
  await page.locator("button[value=save]").click();
  await reached("/set-up/summary");
  await looked("summary");
  await page.locator("main form button").click();
  await page.locator("a.button").waitFor();
  await looked("done");
  const link = await page.locator("a.button").getAttribute("href");
  assert.equal(new URL(link).hostname, process.env.PARVIS_NAME);

  await opened(link);
  await page.fill("#password", PASSWORD);
  await page.fill("#again", PASSWORD);
  await page.locator("main button").click();
  await reached("/me/security");
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.fill("#passkey-name", "Phone");
  await page.locator("form[data-passkey=create] button").click();
  await reached("/admin");
  await looked("administration");
  await page.goto("/admin/machine".replace(/^/, new URL(page.url()).origin));
  await looked("machine");
  const gone = await page.goto(`${new URL(page.url()).origin}/set-up`);
  assert.equal(gone.status(), 404);
  const errors = seen.errors.filter((error) => !/ERR_CONNECTION|status of (404|422|503)/.test(error));
  assert.deepEqual(errors, []);
});
