// Whoever uses the pages: by keyboard, by thumb, with places they come back to, and with a name half remembered.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { SPACES, browser, visitor } from "./support.js";

let chromium, context, page;
before(async () => { chromium = await browser(); });
beforeEach(async () => {
  await context?.close();
  context = await visitor(chromium, { viewport: { width: 360, height: 780 } });
  page = await context.newPage();
});
after(() => chromium.close());

const PAGES = ["/fr", `/fr/spaces/${SPACES.normal}`, `/fr/spaces/${SPACES.part}`, "/fr/spaces/nowhere", `/fr/widgets/${SPACES.normal}`, `/fr/screens/${SPACES.normal}`];
const CONTROLS = "a[href], button, input:not([type=hidden]), summary, [tabindex='0']";

const rows = (scope = "main") => page.locator(`${scope} .row:visible h3`).allTextContents();

describe("by keyboard", () => {
  for (const path of PAGES) {
    it(`everything on ${path} is reached in order, and is seen to be`, async () => {
      await page.goto(path);
      await page.evaluate((controls) => {
        const there = [...document.querySelectorAll(controls)].filter((element) => element.checkVisibility());
        there.forEach((element, index) => { element.dataset.index = index; });
      }, CONTROLS);
      const count = await page.locator("[data-index]").count();
      assert.ok(count > 0);
      for (let index = 0; index < count; index += 1) {
        await page.keyboard.press("Tab");
        const reached = await page.evaluate(() => {
          const element = document.activeElement;
          const outlines = [element, element.closest(".row"), element.closest(".card")].filter(Boolean).map((holder) => getComputedStyle(holder));
          const box = element.getBoundingClientRect();
          return {
            index: element.dataset.index,
            is: element.outerHTML.slice(0, 80),
            outlined: outlines.some((style) => style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2),
            inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
          };
        });
        assert.equal(reached.index, String(index), `after ${index} steps: ${reached.is}`);
        assert.ok(reached.outlined, `the focus is not seen on ${reached.is}`);
        assert.ok(reached.inside, `the focus is out of sight on ${reached.is}`);
      }
    });
  }

  it("the first step skips to the content", async () => {
    await page.goto("/fr");
    const skip = page.getByText("Aller au contenu");
    assert.ok((await skip.boundingBox()).y < 0, "it is seen before it is wanted");
    await page.keyboard.press("Tab");
    assert.ok((await skip.boundingBox()).y >= 0, "it is not seen when it is wanted");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  });

  it("a place is starred without a mouse, and the star keeps the focus", async () => {
    await page.goto("/fr");
    await page.locator(`#row-${SPACES.busy} .star`).focus();
    await page.keyboard.press("Space");
    assert.deepEqual(await rows("[data-favourites]"), ["Bibliothèque de droit"]);
    assert.ok(await page.evaluate((id) => document.activeElement.matches(`#${id} .star`), `row-${SPACES.busy}`));
  });
});

describe("by thumb", () => {
  for (const path of PAGES) {
    it(`everything on ${path} is 44 px high and wide`, async () => {
      await page.goto(path);
      await page.locator("summary").first().click({ timeout: 500 }).catch(() => {});
      const small = await page.evaluate((controls) => {
        // What a thumb would hit, 21 px from the middle in each direction.
        const hits = (element, x, y) => element.contains(document.elementFromPoint(x, y));
        const found = [];
        for (const element of document.querySelectorAll(controls)) {
          if (!element.checkVisibility() || element.matches(".skip, .scroll")) continue;
          element.scrollIntoView({ block: "center", behavior: "instant" });
          const holder = element.closest(".row h3, .foot") ? element.closest(".row, .card") : element;
          const box = holder.getBoundingClientRect();
          const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
          const misses = [[-21, 0], [21, 0], [0, -21], [0, 21]].filter(([right, down]) => !hits(element, x + right, y + down));
          if (misses.length) found.push(`${element.outerHTML.slice(0, 90)}: ${box.width}x${box.height}`);
        }
        return found;
      }, CONTROLS);
      assert.deepEqual(small, []);
    });
  }
});

describe("favourites", () => {
  it("come first, outlive a reload, and go back where they came from", async () => {
    await page.goto("/fr");
    const all = await rows();
    const favourite = "Bibliothèque de droit";
    assert.ok(all.indexOf(favourite) > 2);
    assert.ok(!(await page.getByText("Vos favoris").isVisible()));
    const star = () => page.getByRole("button", { name: `Favori : ${favourite}` });
    await star().click();
    for (const time of ["at once", "after a reload"]) {
      assert.equal((await rows())[0], favourite, time);
      assert.deepEqual((await rows()).toSorted(), all.toSorted(), time);
      assert.ok(await page.getByText("Vos favoris").isVisible(), time);
      assert.equal(await star().getAttribute("aria-pressed"), "true", time);
      await page.reload();
    }
    assert.deepEqual(await context.cookies(), []);
    // The page of the place knows it too, and can take it back.
    await page.goto(`/fr/spaces/${SPACES.busy}`);
    assert.equal(await star().getAttribute("aria-pressed"), "true");
    await page.goto("/fr");
    await star().click();
    assert.deepEqual(await rows(), all);
    assert.ok(!(await page.getByText("Vos favoris").isVisible()));
    await page.reload();
    assert.deepEqual(await rows(), all);
  });

  it("are nobody else's", async () => {
    await page.goto("/fr");
    await page.locator(".star").last().click();
    const other = await (await visitor(chromium)).newPage();
    await other.goto("/fr");
    assert.equal(await other.locator("[data-favourites] .row").count(), 0);
  });

  it("that make no sense are ignored", async () => {
    for (const nonsense of ["{", "7", "null", '["nowhere"]']) {
      await page.goto("/fr");
      await page.evaluate((nonsense) => localStorage.setItem("parvis-favourites", nonsense), nonsense);
      await page.reload();
      assert.equal((await rows()).length, 12, nonsense);
      assert.equal(await page.locator(".row .star").count(), 12, nonsense);
    }
  });
});

describe("search as one types", () => {
  it("finds by parts of names in any order, whatever their case and accents", async () => {
    await page.goto("/fr");
    for (const [words, found] of [["ETE", ["Pavillon d’été"]], ["sciences soc", 1], ["bibliothèque", 4], ["BIBLIOTHEQUE dr", ["Bibliothèque de droit"]], ["droit biblio", ["Bibliothèque de droit"]], ["", 12]]) {
      await page.getByRole("searchbox").fill(words);
      const names = await rows();
      if (typeof found === "number") assert.equal(names.length, found, `${words}: ${names}`);
      else assert.deepEqual(names, found);
    }
  });

  it("says when there is nothing, and does not leave the page", async () => {
    await page.goto("/fr");
    const none = page.getByText("Aucun lieu ne correspond.");
    assert.ok(!(await none.isVisible()));
    await page.getByRole("searchbox").fill("piscine");
    assert.ok(await none.isVisible());
    await page.keyboard.press("Enter");
    assert.equal(new URL(page.url()).search, "");
    await page.getByRole("searchbox").fill("forum");
    assert.ok(!(await none.isVisible()));
  });

  it("hides the title of favourites that do not match", async () => {
    await page.goto("/fr");
    await page.locator(`#row-${SPACES.busy} .star`).click();
    await page.getByRole("searchbox").fill("forum");
    assert.ok(!(await page.getByText("Vos favoris").isVisible()));
    await page.getByRole("searchbox").fill("droit");
    assert.ok(await page.getByText("Vos favoris").isVisible());
  });
});
