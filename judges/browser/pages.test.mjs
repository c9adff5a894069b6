// Lobby's pages as people meet them who zoom, see in the dark or with few colours, use the keyboard alone, or have
// them read aloud. No page has script, nor needs the browser to allow any.
//   SCREENSHOTS=folder   where pictures go; none without it

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { launch } from "./chromium.mjs";
import { cut, marked, outlines, stop } from "./look.mjs";
import { mock } from "./server.mjs";
import { PAGES, authorize, device, lead } from "./pages.mjs";
import { READ, reads } from "./read.mjs";

const PICTURES = process.env.SCREENSHOTS;

/** A window of 1280 × 800 at 200 %. */
const ZOOMED = { width: 640, height: 400 };
/** The smallest telephone, and 1280 × 1024 at 400 % (WCAG 2.2, 1.4.10). */
const NARROW = [{ width: 320, height: 568 }, { width: 320, height: 256 }];

let browser;
let desk;

before(async () => {
  desk = await mock();
  browser = await launch();
  if (PICTURES) mkdirSync(PICTURES, { recursive: true });
});

after(async () => {
  await browser?.close();
  await desk?.stop();
});

async function visit(options) {
  const context = await browser.newContext({ viewport: ZOOMED, deviceScaleFactor: 2, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.done = () => context.close();
  return page;
}

const picture = (page, name) =>
  PICTURES ? page.screenshot({ path: path.join(PICTURES, `page-${name.replaceAll(" ", "-")}.png`), fullPage: true }) : undefined;

/** Nothing is cut or leaves the window, at any size, and with letters twice as large. */
async function assertFits(page) {
  for (const size of [ZOOMED, ...NARROW]) {
    await page.setViewportSize(size);
    assert.deepEqual(await page.evaluate(cut), [], `at ${size.width} × ${size.height}`);
  }
  await page.evaluate(() => {
    document.documentElement.style.fontSize = "200%";
  });
  assert.deepEqual(await page.evaluate(cut), [], "with letters twice as large");
  await page.evaluate(() => {
    document.documentElement.style.fontSize = "";
  });
  await page.setViewportSize(ZOOMED);
}

/** Tab comes to all that can be used, in the order in which it is read, and where it is can be seen. */
async function assertKeyboard(page, light) {
  const all = await page.evaluate(marked);
  const met = [];
  // From where the page puts the focus, over its end to its beginning.
  for (let step = 0; step <= all.length + 1; step += 1) {
    const at = await page.evaluate(stop);
    if (at) {
      assert.deepEqual(at.faults, [], `${at.name}, ${light}`);
      if (!met.includes(at.index)) met.push(at.index);
    }
    await page.keyboard.press("Tab");
  }
  const first = met.indexOf(0);
  const order = [...met.slice(first), ...met.slice(0, first)];
  assert.deepEqual(order, all.map((_, index) => index), `of ${all.join(", ")}`);
}

async function assertAccessible(page, light) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ rules: { "target-size": { enabled: true } } }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), [], light);
}

for (const name of PAGES) {
  test(`the page "${name}" is for everybody`, async () => {
    const page = await visit();
    const app = await lead(page, name, desk.url);
    const read = (await page.locator("body").ariaSnapshot()).replaceAll(app, "APP");
    assert.ok(reads(read, READ[name]), read);
    assert.notEqual(await page.title(), "");
    // The scripts of ours are files, for passkeys and for a password while it is typed.
    const scripts = await page.locator("script").evaluateAll((all) => all.map((one) => one.getAttribute("src")));
    assert.ok(scripts.every((source) => /^\/_lobby\/assets\/(passkey|password)\.js$/.test(source)), scripts.join(", "));

    await assertFits(page);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await assertAccessible(page, colorScheme);
      await assertKeyboard(page, colorScheme);
      await picture(page, `${name} ${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: "light", forcedColors: "active" });
    await assertKeyboard(page, "forced colours");
    assert.deepEqual(await page.evaluate(outlines), [], "without the page's colours");
    await picture(page, `${name} forced`);
    await page.done();
  });
}

/** Tab until the focus is on what has this name. */
async function tabTo(page, name) {
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement.innerText?.trim())) === name) return;
  }
  assert.fail(`Tab does not come to ${name}`);
}

test("the keyboard alone signs in, consents, and connects a device, without script", async () => {
  const page = await visit({ javaScriptEnabled: false });
  const app = createServer((_, answer) => answer.end("back")).listen(0, "127.0.0.1");
  await once(app, "listening");
  const callback = `http://127.0.0.1:${app.address().port}/callback`;
  await page.goto(authorize({ url: desk.url, client: "keyboard" }, { redirect_uri: callback }));
  await page.locator("input:focus").waitFor();
  await page.keyboard.type("alice");
  await page.keyboard.press("Tab");
  await page.keyboard.type("alice-password");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Allow" }).waitFor();
  await tabTo(page, "Allow");
  await page.keyboard.press("Space");
  await page.waitForURL((url) => url.href.startsWith(callback));
  assert.ok(new URL(page.url()).searchParams.get("code"));
  app.close();

  const { user_code: code, verification_uri: place } = await device({ url: desk.url, client: "keyboard-device" });
  await page.goto(place);
  await page.locator("input:focus").waitFor();
  await page.keyboard.type(code.toLowerCase().replace("-", " "));
  await page.keyboard.press("Enter");
  await page.locator("p.code").waitFor();
  await tabTo(page, "Connect");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: /connected/i }).waitFor();
  await page.done();
});

test("what is wrong is said with the field that it is about", async () => {
  const page = await visit();
  await lead(page, "sign-in refused", desk.url);
  assert.match(await page.title(), /^Problem/);
  const complaint = (await page.getByRole("alert").innerText()).trim();
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const fields = nodes.filter(({ role }) => role?.value === "textbox");
  assert.deepEqual(fields.map(({ description }) => description?.value.trim()), [complaint, complaint]);
  assert.equal(await page.evaluate(() => document.activeElement.id), "password");
  await page.done();
});
