// Passkeys in a real browser, whose authenticator is a virtual one (WebAuthn's automation over CDP), and one-time
// codes from the QR code on. The mock is `localhost`: an address has no passkeys.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createHmac } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { launch, withAuthenticator } from "./chromium.mjs";
import { mock } from "./server.mjs";
import { authorize } from "./pages.mjs";

const FOLDER = mkdtempSync(path.join(tmpdir(), "lobby-judge-"));
const CONFIG = path.join(FOLDER, "lobby.yaml");
writeFileSync(
  CONFIG,
  "personas:\n  alice: { scopes: [books:read] }\n  bob: { scopes: [books:read], totp: true, passkey: true }\n",
);

let browser;
let desk;
let url;

before(async () => {
  desk = await mock("--config", CONFIG);
  url = desk.url.replace("127.0.0.1", "localhost");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await desk?.stop();
  rmSync(FOLDER, { recursive: true, force: true });
});

const person = (options) => withAuthenticator(browser, options);
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const start = (page, more) => page.goto(authorize({ url, client: `app-${Math.random()}` }, more));

async function register({ page }) {
  await page.goto(`${url}/_lobby/account/passkeys`);
  await page.locator('button[name=persona][value="alice"]').click();
  await page.waitForURL(/account\/passkeys/);
  await press(page, "Add a passkey");
  await page.locator("section.line").first().waitFor();
}

/** The sign-in that came last, as the consent page names it. */
const isIn = (page) => page.getByRole("button", { name: "Allow", exact: true }).waitFor();

test("a_passkey_is_added_and_signs_in_by_autofill_without_a_click", async () => {
  const ana = await person();
  await register(ana);
  const [credential] = await ana.held();
  assert.ok(credential.isResidentCredential && credential.rpId === "localhost");
  await ana.context.clearCookies();
  await start(ana.page);
  // The virtual authenticator picks the passkey that is offered in the name's field.
  await isIn(ana.page);
  assert.ok((await ana.held())[0].signCount > credential.signCount);
  await ana.done();
});

test("a_passkey_signs_in_by_the_button", async () => {
  const ana = await person();
  await register(ana);
  await ana.context.clearCookies();
  await ana.page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
  await start(ana.page);
  await press(ana.page, "Use a passkey");
  await isIn(ana.page);
  await ana.done();
});

test("a_cancelled_passkey_is_no_error", async () => {
  const ana = await person({ isUserVerified: false });
  await ana.page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
  await start(ana.page);
  await press(ana.page, "Use a passkey");
  await ana.page.getByText("No passkey was used.").waitFor();
  assert.equal(await ana.page.getByRole("alert").count(), 0);
  await ana.done();
});

test("one_that_does_not_verify_its_user_is_not_let_in", async () => {
  const ana = await person({ hasUserVerification: false, isUserVerified: false });
  await ana.page.goto(`${url}/_lobby/account/passkeys`);
  await ana.page.locator('button[name=persona][value="alice"]').click();
  await press(ana.page, "Add a passkey");
  await ana.page.getByText("No passkey was used.").waitFor();
  assert.equal((await ana.held()).length, 0);
  await ana.done();
});

test("where_it_may_be_unverified_it_is_one_factor_beside_the_password", async () => {
  const config = path.join(FOLDER, "preferred.yaml");
  writeFileSync(config, "personas:\n  alice: { scopes: [books:read] }\nfactors: { passkeys: { verification: preferred } }\n");
  const other = await mock("--config", config);
  const ana = await person({ hasUserVerification: false, isUserVerified: false });
  try {
    const at = other.url.replace("127.0.0.1", "localhost");
    await ana.page.goto(`${at}/_lobby/account/passkeys`);
    await ana.page.locator('button[name=persona][value="alice"]').click();
    await press(ana.page, "Add a passkey");
    await ana.page.locator("section.line").first().waitFor();
    await ana.context.clearCookies();
    await ana.page.goto(authorize({ url: at, client: "app" }, { acr_values: "mfa" }));
    await ana.page.locator("input[name=username]").fill("alice");
    await ana.page.locator("input[name=password]").fill("alice-password");
    await press(ana.page, "Sign in");
    await press(ana.page, "Use a passkey");
    await isIn(ana.page);
  } finally {
    await ana.done();
    await other.stop();
  }
});

test("an_authenticator_that_has_a_passkey_is_said_to", async () => {
  const ana = await person();
  await register(ana);
  await press(ana.page, "Add a passkey");
  await ana.page.getByText("Your passkey is on this authenticator already.").waitFor();
  assert.equal((await ana.held()).length, 1);
  await ana.done();
});

test("a_removed_passkey_vanishes_from_its_authenticator", async () => {
  const ana = await person();
  await register(ana);
  const [credential] = await ana.held();
  await ana.page.getByText("Change", { exact: true }).last().click();
  await ana.page.getByRole("button", { name: "Remove this passkey" }).last().click();
  await ana.page.waitForLoadState("networkidle");
  const told = await ana.page.locator("[data-signal=all]").getAttribute("data-told");
  const id = Buffer.from(credential.credentialId, "base64").toString("base64url");
  assert.ok(!JSON.parse(told).allAcceptedCredentialIds.includes(id));
  await ana.page
    .waitForFunction(() => "signalAllAcceptedCredentials" in PublicKeyCredential, null, { timeout: 1000 })
    .then(async () => {
      for (let tries = 0; (await ana.held()).length > 0 && tries < 100; tries += 1) await ana.page.waitForTimeout(50);
      assert.equal((await ana.held()).length, 0);
    });
  await ana.done();
});

test("another_site_gets_no_passkey", async () => {
  const ana = await person();
  await register(ana);
  // A phisher's page on another host name shows our question.
  const options = await (async () => {
    await ana.context.clearCookies();
    const other = await ana.context.newPage();
    await other.goto(authorize({ url: desk.url, client: "app" }));
    return other.locator("form[data-passkey]").getAttribute("data-options");
  })();
  await ana.page.goto(`${url.replace("localhost", "evil.localhost")}/_lobby/health`);
  const error = await ana.page.evaluate(async (text) => {
    const read = (part) => Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const publicKey = JSON.parse(text);
    publicKey.challenge = read(publicKey.challenge);
    // A name below ours may ask for ours only if ours is a suffix that one can register: `localhost` is none.
    publicKey.rpId = "other.localhost";
    return navigator.credentials.get({ publicKey }).then(() => "given", (refused) => refused.name);
  }, options);
  assert.equal(error, "SecurityError");
  await ana.done();
});

test("without_script_everything_but_passkeys_works", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(authorize({ url, client: "plain" }));
  assert.equal(await page.getByRole("button", { name: "Use a passkey" }).isVisible(), false);
  await page.getByLabel("Name or e-mail").fill("bob");
  await page.getByLabel("Password").fill("bob-password");
  await press(page, "Sign in");
  const answer = await fetch(`${desk.url}/_lobby/authenticator/totp`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ as: "bob" }),
  });
  await page.getByLabel("Code of your authenticator app").fill((await answer.json()).code);
  await press(page, "Go on");
  await isIn(page);
  await context.close();
});

test("an_app_is_set_up_from_the_page", async () => {
  const ana = await person();
  await ana.page.goto(`${url}/_lobby/account/authenticator`);
  await ana.page.locator('button[name=persona][value="alice"]').click();
  const link = await ana.page.getByRole("link", { name: "Open in an app on this device" }).getAttribute("href");
  const secret = new URL(link).searchParams.get("secret");
  const box = await ana.page.locator("svg.qr").boundingBox();
  assert.ok(box.width > 150 && Math.abs(box.width - box.height) < 1, `a camera reads ${JSON.stringify(box)}`);
  await ana.page.getByLabel("The code that the app shows now").fill(totp(secret));
  await press(ana.page, "Turn on");
  await ana.page.waitForURL(/account\/codes/);
  await ana.done();
});

/** RFC 6238, once more. */
function totp(secret) {
  const bits = Array.from(secret, (c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
