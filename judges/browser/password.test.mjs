// A password while it is typed: what the page says of it, to those who look and to those who listen; and the page
// of the first setup, with script and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { visit } from "./chromium.mjs";
import { serve } from "./server.mjs";
import { shared } from "./shared.mjs";

const GOOD = "violet harbour nineteen otter";

const both = shared();

async function open(url, options) {
  const page = await visit(both.browser, options);
  await page.goto(url);
  return page;
}

test("how hard a password is to guess is told while it is typed", async () => {
  const page = await open(`${both.desk.url}/_lobby/sign-up`);
  const sent = [];
  page.on("request", (request) => request.url().includes("/strength") && sent.push(request.postData()));
  await page.locator("#email").fill("ana@example.com");
  const [field, meter, told] = [page.locator("#new"), page.locator("meter"), page.getByRole("status")];
  assert.equal(await meter.isVisible(), false, "nothing is said before anything is typed");
  await field.pressSequentially("password");
  await told.getByText("at least 12 characters").waitFor();
  assert.equal(await meter.evaluate((element) => element.value), 0);
  assert.ok(sent.length < "password".length, "not at every key");
  assert.ok(new URLSearchParams(sent[0]).get("email") === "ana@example.com");
  await field.fill(GOOD);
  await told.getByText("This password is hard to guess.").waitFor();
  assert.ok((await meter.evaluate((element) => element.value)) >= 3);
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`), []);
  await field.fill("");
  await meter.waitFor({ state: "hidden" });
  assert.equal(await told.textContent(), "");
  await page.done();
});

test("the password that there is is never sent to be judged", async () => {
  const page = await open(`${both.desk.url}/_lobby/sign-in`);
  await page.locator("button[name=persona][value=alice]").click();
  await page.goto(`${both.desk.url}/_lobby/account/password`);
  const asked = page.waitForRequest((request) => request.url().includes("/strength"));
  await page.locator("#current").fill("alice-password");
  await page.locator("#new").fill(GOOD);
  const form = new URLSearchParams((await asked).postData());
  assert.deepEqual([form.get("new"), form.has("current")], [GOOD, false]);
  await page.done();
});

test("without script the form says it when it is sent", async () => {
  const page = await open(`${both.desk.url}/_lobby/sign-up`, { javaScriptEnabled: false });
  assert.equal(await page.locator("meter").isVisible(), false);
  await page.locator("#email").fill("ana@example.com");
  await page.locator("#new").fill("password");
  await page.locator("button.main").click();
  await page.getByRole("alert").getByText("at least 12 characters").waitFor();
  await page.done();
});

for (const javaScriptEnabled of [true, false]) {
  test(`the first owner is made on a page ${javaScriptEnabled ? "with" : "without"} script`, async () => {
    const house = await serve("issuer: http://localhost:1\nlisten: { public: '127.0.0.1:0', admin: '127.0.0.1:0' }\n");
    try {
      const page = await open(house.said.setup, { javaScriptEnabled });
      await page.locator("#name").fill("ro ot");
      await page.locator("#new").fill("password");
      await page.locator("button.main").click();
      await page.getByRole("alert").getByText("cannot be a name").waitFor();
      assert.equal(await page.locator("#name").inputValue(), "ro ot");
      await page.locator("#name").fill("root");
      await page.locator("#new").fill(GOOD);
      if (javaScriptEnabled) await page.getByRole("status").getByText("hard to guess").waitFor();
      await page.locator("button.main").click();
      await page.getByRole("heading", { name: "You are the owner" }).waitFor();
      assert.equal(await page.locator("a.button").getAttribute("href"), "http://localhost:1/_lobby/account/");
      await page.goto(house.said.setup);
      await page.getByRole("heading", { name: "This setup link is over" }).waitFor();
      await page.done();
    } finally {
      await house.stop();
    }
  });
}
