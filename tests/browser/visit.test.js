// What a visit costs and what it leaves behind: few bytes, no other host, no cookie, nothing inline.

import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";

import { ADDRESS, MOVING, SPACES, browser, get, visitor } from "./support.js";

const KILOBYTE = 1024;
const PAGES = ["/", "/fr", "/en", `/spaces/${SPACES.normal}`, `/screens/${SPACES.normal}`, `/widgets/${SPACES.normal}`, `/widgets/${SPACES.normal}.svg`, "/nowhere/at/all"];

let chromium;
// A browser keeps nothing of a site whose certificate it doubts, so this one trusts the key.
before(async () => { chromium = await browser([`--ignore-certificate-errors-spki-list=${await key()}`]); });
after(() => chromium.close());

// The digest of the key of the service's certificate.
function key() {
  const { hostname, port } = new URL(ADDRESS);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, rejectUnauthorized: false }, () => {
      const { publicKey } = new X509Certificate(socket.getPeerCertificate().raw);
      socket.destroy();
      resolve(createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64"));
    });
    socket.on("error", reject);
  });
}

// Visits a page and returns the bytes that came over the wire, and from where.
async function visit(context, path) {
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  const requests = new Map();
  let bytes = 0;
  client.on("Network.requestWillBeSent", ({ requestId, request }) => requests.set(requestId, request.url));
  client.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
  client.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
    // The live stream never finishes; what it said so far counts too.
    if (requests.get(requestId)?.includes("/live/")) bytes += encodedDataLength;
  });
  await client.send("Network.enable");
  await page.goto(`${ADDRESS}${path}`, { waitUntil: "load" });
  await page.waitForTimeout(500);
  await page.close();
  const hosts = new Set([...requests.values()].map((url) => new URL(url).origin));
  return { bytes, hosts: [...hosts], requests: requests.size };
}

for (const path of ["/", `/spaces/${SPACES.normal}`]) {
  it(`${path} costs under 60 KB at first and under 15 KB again`, async (test) => {
    const context = await visitor(chromium, { ignoreHTTPSErrors: false });
    const first = await visit(context, path);
    const again = await visit(context, path);
    test.diagnostic(`${path}: ${first.bytes} bytes at first, ${again.bytes} again`);
    assert.ok(first.requests >= 4, "the styles and scripts were not seen");
    assert.ok(first.bytes > 2 * KILOBYTE && first.bytes < 60 * KILOBYTE, `${first.bytes} bytes`);
    assert.ok(again.bytes < 15 * KILOBYTE, `${again.bytes} bytes`);
    assert.ok(again.bytes < first.bytes / 2, "styles and scripts are fetched again");
    assert.deepEqual([...first.hosts, ...again.hosts], [ADDRESS, ADDRESS]);
    await context.close();
  });
}

describe("answers", () => {
  for (const path of PAGES) {
    it(`${path} sets no cookie and holds nothing inline`, async () => {
      const answer = await get(path);
      assert.equal(answer.headers["set-cookie"], undefined);
      assert.match(answer.headers["content-security-policy"], /default-src 'none'/);
      assert.doesNotMatch(answer.headers["content-security-policy"], /unsafe/);
      // Data for search engines is no script, and is not run.
      const html = answer.text.replace(/<script type="application\/ld\+json">.*?<\/script>/gs, "");
      assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:/);
      // Addresses of other hosts may be linked to and named, not loaded.
      for (const [, address] of html.matchAll(/\s(?:src|href)="(https?:[^"]+)"/g)) {
        assert.ok(!html.includes(`src="${address}"`) && !html.includes(`rel="stylesheet" href="${address}"`), address);
      }
    });
  }

  it("every page but the widget refuses to be framed", async () => {
    for (const path of ["/", `/spaces/${MOVING}`, `/screens/${MOVING}`, "/nowhere/at/all"]) {
      const { headers } = await get(path);
      assert.equal(headers["x-frame-options"], "DENY", path);
      assert.match(headers["content-security-policy"], /frame-ancestors 'none'/, path);
    }
  });
});

it("the style is under 20 KB and each script under 5 KB", () => {
  const size = (file) => statSync(new URL(`../../web/${file}`, import.meta.url)).size;
  assert.ok(size("styles/style.css") < 20 * KILOBYTE);
  const scripts = readdirSync(new URL("../../web/scripts", import.meta.url));
  assert.ok(scripts.length > 0);
  for (const script of scripts) assert.ok(size(`scripts/${script}`) < 5 * KILOBYTE, script);
});
