// What a person lives through with `lobby serve`: signing up, a passkey, a phisher, a lost device; on both stores.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { launch, withAuthenticator } from "./chromium.mjs";
import { postgres } from "./postgres.mjs";
import { serve } from "./server.mjs";

const CONTROL = "control-of-this-test";
const ANA = "ana@example.com";
const FIRST = "violin tuesday cactus marble";
const SECOND = "harbour seventeen otter lamp";

let browser;

before(async () => {
  browser = await launch();
});

after(async () => {
  await browser?.close();
});

/** A port that is free: the issuer names it before there is a server. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** `lobby serve` for a bookshop that is not there yet, whose mails can be read. */
async function bookshop(store) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const config = [
    `issuer: ${url}`,
    `listen: { public: "127.0.0.1:${port}", admin: "127.0.0.1:0" }`,
    `apis: { bookshop: { contract: ${JSON.stringify(process.env.LOBBY_DOCUMENT)} } }`,
    `store: ${JSON.stringify(store)}`,
    'secrets: { key: "${THE_KEY}" }',
    `control: { token: "\${CONTROL}" }`,
    "accounts: { sign_up: open }",
    "mail: outbox",
    "pages: { name: Bookshop }",
  ].join("\n");
  const desk = await serve(config, { THE_KEY: "fb".repeat(32), CONTROL });
  return { ...desk, url };
}

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** The link in the newest mail to Ana. */
async function link({ url }) {
  const answer = await fetch(`${url}/_lobby/outbox?to=${ANA}`, { headers: { authorization: `Bearer ${CONTROL}` } });
  const mails = await answer.json();
  return mails[0].links[0];
}

async function signIn(page, password) {
  await page.getByLabel("Name or e-mail").fill(ANA);
  await page.getByLabel("Password").fill(password);
  await press(page, "Sign in");
}

async function signUp(page, desk) {
  await page.goto(`${desk.url}/_lobby/sign-up`);
  await page.getByLabel("E-mail").fill(ANA);
  await page.getByLabel("New password").fill(FIRST);
  await press(page, "Make an account");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.goto(await link(desk));
  await page.getByRole("button").first().click();
}

const isAtHome = (page) => page.getByRole("heading", { name: "Your account", level: 1 }).waitFor();

for (const [name, store] of [["SQLite", async () => ({ url: "sqlite:lobby.db", stop: async () => {} })], ["PostgreSQL", postgres]]) {
  test(`a person signs up, adds a passkey, is phished in vain, loses the device and recovers, on ${name}`, async () => {
    const database = await store();
    const desk = await bookshop(database.url);
    const owner = await fetch(desk.said.setup, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "root", password: SECOND }),
    });
    assert.equal(owner.status, 201);

    const ana = await withAuthenticator(browser);
    await signUp(ana.page, desk);
    await ana.page.goto(`${desk.url}/_lobby/account/passkeys`);
    await press(ana.page, "Add a passkey");
    await ana.page.locator("section.line").first().waitFor();
    assert.equal((await ana.held()).length, 1);

    await ana.context.clearCookies();
    await ana.page.goto(`${desk.url}/_lobby/account/`);
    await isAtHome(ana.page);

    // A phisher's site shows her our question: neither may it ask for her passkey, nor is one of its own any use here.
    await ana.context.clearCookies();
    const other = await browser.newContext();
    const shown = await other.newPage();
    await shown.goto(`${desk.url}/_lobby/account/`);
    const question = await shown.locator("form[data-passkey]").getAttribute("data-options");
    await other.close();
    await ana.page.goto(`${desk.url.replace("localhost", "evil.localhost")}/_lobby/sign-up`);
    const asked = (rpId) =>
      ana.page.evaluate(
        async ([text, rpId]) => {
          const read = (part) => Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
          const { challenge, timeout } = JSON.parse(text);
          const publicKey = { challenge: read(challenge), timeout, rpId, userVerification: "required" };
          return navigator.credentials.get({ publicKey }).then(() => "given", (refused) => refused.name);
        },
        [question, rpId],
      );
    assert.equal(await asked("other.localhost"), "SecurityError");
    assert.notEqual(await asked("evil.localhost"), "given");

    // The device is gone, and with it the browser: a mail helps.
    const lost = await ana.held();
    await ana.done();
    const next = await withAuthenticator(browser);
    await next.page.goto(`${desk.url}/_lobby/reset`);
    await next.page.getByLabel("Name or e-mail").fill(ANA);
    await press(next.page, "Send the link");
    await next.page.getByRole("heading", { level: 1 }).waitFor();
    await next.page.goto(await link(desk));
    await next.page.getByLabel("New password").fill(SECOND);
    await next.page.getByRole("button").first().click();
    await next.page.goto(`${desk.url}/_lobby/account/`);
    if (await next.page.getByLabel("Password", { exact: true }).isVisible()) await signIn(next.page, SECOND);
    await isAtHome(next.page);
    await next.page.goto(`${desk.url}/_lobby/account/passkeys`);
    await next.page.getByText("Change", { exact: true }).last().click();
    await next.page.getByRole("button", { name: "Remove this passkey" }).last().click();
    await next.page.waitForLoadState("networkidle");
    await next.done();

    // Whoever finds the device has a passkey that opens nothing any more.
    const thief = await withAuthenticator(browser);
    for (const credential of lost) {
      await thief.devtools.send("WebAuthn.addCredential", { authenticatorId: thief.authenticatorId, credential });
    }
    await thief.page.goto(`${desk.url}/_lobby/account/`);
    await thief.page.getByText("That passkey is no longer registered here.").waitFor();
    await thief.done();
    await desk.stop();
    await database.stop();
  });
}
