// Pages in a service's own clothes: as legible, as narrow and as strict as ours.
//   SCREENSHOTS=folder   where pictures go; none without it

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { launch, visit } from "./chromium.mjs";
import { cut } from "./look.mjs";
import { mock } from "./server.mjs";
import { PAGES, lead } from "./pages.mjs";

const FOLDER = mkdtempSync(path.join(tmpdir(), "lobby-judge-"));
const CONFIG = path.join(FOLDER, "lobby.yaml");
const PICTURES = process.env.SCREENSHOTS;
/** Colours of which most others have to be found. */
const SETTINGS = `pages:
  name: Readers & Daughters of Llanfairpwllgwyngyll
  logo: logo.svg
  colours: { accent: '#7a5c00', page: '#fdf6e3', dark: { page: '#002b36', surface: '#073642', text: '#eee8d5' } }
`;
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 48"><style>rect{fill:#7a5c00}</style>
<rect width="900" height="48"/><script>document.documentElement.setAttribute("data-ran", "yes")</script></svg>`;

let browser;
let desk;

before(async () => {
  writeFileSync(CONFIG, SETTINGS);
  writeFileSync(path.join(FOLDER, "logo.svg"), LOGO);
  if (PICTURES) mkdirSync(PICTURES, { recursive: true });
  desk = await mock("--config", CONFIG);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  const talk = await desk?.stop();
  rmSync(FOLDER, { recursive: true, force: true });
  assert.doesNotMatch(talk ?? "", /warning/);
});

for (const name of PAGES) {
  test(`the page "${name}" is for everybody in other clothes`, async () => {
    const page = await visit(browser, { viewport: { width: 320, height: 568 } });
    await lead(page, name, desk.url);
    const logo = page.getByRole("img", { name: "Readers & Daughters of Llanfairpwllgwyngyll" });
    assert.ok(await logo.evaluate((image) => image.complete && image.naturalWidth > 0), "the picture is shown");
    assert.deepEqual(await page.evaluate(cut), []);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const { violations: found } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      assert.deepEqual(found.map(({ id, nodes }) => [id, nodes[0].html]), [], colorScheme);
      if (PICTURES) {
        const file = `brand-${name.replaceAll(" ", "-")}-${colorScheme}.png`;
        await page.screenshot({ path: path.join(PICTURES, file), fullPage: true });
      }
    }
    await page.done();
  });
}

test("a picture that is opened by itself runs nothing", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${desk.url}/_lobby/assets/logo.svg`);
  assert.equal(await page.evaluate(() => document.documentElement.getAttribute("data-ran")), null);
  await context.close();
});
