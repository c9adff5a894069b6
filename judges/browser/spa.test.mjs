// A front end on another origin, in Chromium, against a running mock of the bookshop.
//   LOBBY_URL=http://127.0.0.1:4010   the mock's issuer, as its banner prints it
//   LOBBY_REPOSITORY=folder           where examples/spa is; else two folders up
//   SCREENSHOTS=folder                where pictures go; none without it
//   CHROMIUM=/path                    which browser; else the first on PATH

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { launch } from "./chromium.mjs";

const LOBBY = process.env.LOBBY_URL?.replace(/\/$/, "");
const PICTURES = process.env.SCREENSHOTS;
const REPOSITORY = process.env.LOBBY_REPOSITORY ?? fileURLToPath(new URL("../../", import.meta.url));
const SPA = path.join(REPOSITORY, "examples/spa");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

let browser;
let server;
let app;

/** The example's folder, on an origin of its own. */
async function serveExample() {
  const created = createServer(async (request, response) => {
    const name = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
    const known = /^[a-z]+\.(html|js|css)$/.test(name);
    const body = known ? await readFile(path.join(SPA, name)).catch(() => undefined) : undefined;
    response.writeHead(body ? 200 : 404, { "Content-Type": TYPES[path.extname(name)] ?? "text/plain" });
    response.end(body);
  });
  await new Promise((ready) => created.listen(0, "127.0.0.1", ready));
  return created;
}

before(async () => {
  assert.ok(LOBBY, "LOBBY_URL names no running mock of the bookshop");
  if (PICTURES) mkdirSync(PICTURES, { recursive: true });
  server = await serveExample();
  app = `http://127.0.0.1:${server.address().port}/`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** A browser without memory: a new person in front of it. Complaints of its console fail the test. */
async function visit(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.done = async () => {
    assert.deepEqual(page.complaints, []);
    await context.close();
  };
  return page;
}

const start = (page, settings = {}) =>
  page.goto(`${app}?${new URLSearchParams({ issuer: LOBBY, ...settings })}`);

/** From the example's first page to the sign-in page. */
async function toSignIn(page, settings) {
  await start(page, settings);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: /^Sign in to / }).waitFor();
}

const persona = (page, name) => page.locator(`button[name=persona][value="${name}"]`);
const allow = (page) => page.getByRole("button", { name: "Allow", exact: true });
const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });

/** Through sign-in and consent, back in the example. */
async function signInAs(page, name, settings) {
  await toSignIn(page, settings);
  await persona(page, name).click();
  const back = page.waitForURL((url) => url.href.startsWith(app));
  // Consent is asked once for each client, persona and scope.
  const asked = await Promise.race([back.then(() => false), allow(page).waitFor().then(() => true)]);
  if (asked) await allow(page).click();
  await back;
}

const picture = (page, name) =>
  PICTURES ? page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true }) : undefined;

async function control(call, body) {
  const answer = await fetch(`${LOBBY}/_lobby/${call}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${call}: ${answer.status} ${await answer.clone().text()}`);
}

async function assertReadable(page, name) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), [], name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.ok(!wide, `${name} is wider than the window`);
}

test("a front end on another origin signs in, outlives its token, is forbidden, and asks for more", async () => {
  await control("reset");
  const page = await visit();
  await toSignIn(page);
  await picture(page, "sign-in");
  await persona(page, "alice").click();
  await allow(page).waitFor();
  await picture(page, "consent");
  await allow(page).click();

  await heading(page, "Books").waitFor();
  const books = page.locator(".books li");
  assert.ok((await books.count()) > 0, "no book is on the shelf");
  assert.match(await page.locator("#who").textContent(), /alice/i);
  await picture(page, "spa-books");

  // The token dies by the mock's clock; the front end reads the challenge through CORS, renews, asks again.
  await control("clock", { advance: "11m" });
  await page.getByRole("button", { name: "Ask for the books again" }).click();
  await page.locator("#log li", { hasText: "The token was renewed" }).waitFor();
  const log = await page.locator("#log li").allTextContents();
  assert.deepEqual(log.slice(0, 3), ["GET /books · 200", "The token was renewed", "GET /books · 401 token.expired"]);
  await heading(page, "Books").waitFor();
  await picture(page, "spa-renewed");

  // Signed in with books:read alone: removing is forbidden, and the challenge says what is lacking.
  await books.first().getByRole("button", { name: /^Remove/ }).click();
  await heading(page, "You may not do that").waitFor();
  const challenge = await page.locator("#challenge").innerText();
  assert.match(challenge, /insufficient_scope/);
  assert.match(challenge, /books:write/);
  await assertReadable(page, "the 403 page");
  await picture(page, "spa-forbidden");

  // Consent is asked for the new scope only.
  await page.getByRole("button", { name: "Ask for books:write" }).click();
  await allow(page).waitFor();
  assert.match(await page.locator(".permissions").innerText(), /books:write|catalogue/i);
  await picture(page, "consent-more");
  await allow(page).click();
  await heading(page, "Books").waitFor();
  await books.first().getByRole("button", { name: /^Remove/ }).click();
  await page.locator("#log li", { hasText: /DELETE .* 204/ }).waitFor();
  await page.done();
});

test("a persona without rights is told what is missing", async () => {
  const page = await visit();
  await signInAs(page, "guest");
  await heading(page, "You may not do that").waitFor();
  assert.match(await page.locator("#challenge").innerText(), /books:read/);
  assert.equal(await page.locator("#view").getByRole("button", { name: /^Ask for/ }).count(), 0, "asking again would change nothing");
  await picture(page, "spa-guest");
  await page.done();
});

test("a name and a password get in, wrong ones keep the name", async () => {
  const page = await visit();
  await toSignIn(page, { client: "typing-app" });
  await page.getByLabel("Name or e-mail").fill("alice");
  await page.getByLabel("Password").fill("not hers");
  const [answer] = await Promise.all([page.waitForResponse((got) => got.request().method() === "POST"), page.keyboard.press("Enter")]);
  assert.equal(answer.status(), 422);
  await page.getByRole("alert").waitFor();
  await picture(page, "sign-in-wrong");
  assert.equal(await page.getByLabel("Name or e-mail").inputValue(), "alice");
  assert.equal(await page.evaluate(() => document.activeElement.id), "password");
  await page.keyboard.type("alice-password");
  await page.keyboard.press("Enter");
  await allow(page).click();
  await heading(page, "Books").waitFor();
  await page.done();
});

test("going back without signing in is told to the app", async () => {
  const page = await visit();
  await toSignIn(page);
  await page.getByRole("button", { name: /^Back to / }).click();
  await heading(page, "Not signed in").waitFor();
  assert.match(await page.getByRole("alert").textContent(), /without signing in/);
  await page.done();
});

test("refused consent shares nothing", async () => {
  const page = await visit();
  await toSignIn(page, { client: "another-app" });
  await persona(page, "alice").click();
  await page.getByRole("button", { name: "Not now" }).click();
  await heading(page, "Not signed in").waitFor();
  await page.done();
});

test("after signing out the sign-in page asks again", async () => {
  const page = await visit();
  await signInAs(page, "alice", { client: "sign-out-app" });
  await heading(page, "Books").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  // Asked only when the app could not prove who is meant; it can, by its ID token.
  await heading(page, "Books, if you show a badge").waitFor();
  await toSignIn(page, { client: "sign-out-app" });
  await page.done();
});

test("signing out by the page that asks first leads back to the app", async () => {
  const page = await visit();
  await signInAs(page, "alice", { client: "leaving-app" });
  await heading(page, "Books").waitFor();
  const metadata = await (await fetch(`${LOBBY}/.well-known/openid-configuration`)).json();
  const wish = new URLSearchParams({ client_id: "leaving-app", post_logout_redirect_uri: app, state: "bye" });
  await page.goto(`${metadata.end_session_endpoint}?${wish}`);
  await assertReadable(page, "the sign-out page");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL((url) => url.href.startsWith(app) && url.searchParams.get("state") === "bye");
  await page.done();
});

test("an expired session ends on a page that says so, not in a loop", async () => {
  await control("reset");
  const page = await visit();
  await signInAs(page, "alice", { client: "away-app" });
  await heading(page, "Books").waitFor();
  await control("clock", { advance: "31d" });
  await page.getByRole("button", { name: "Ask for the books again" }).click();
  await heading(page, "Sign in again").waitFor();
  await control("clock", { reset: true });
  await page.done();
});

test("sign-in and consent work without script, from the request to the redirect", async () => {
  const page = await visit({ javaScriptEnabled: false });
  const verifier = randomBytes(32).toString("base64url");
  const metadata = await (await fetch(`${LOBBY}/.well-known/oauth-authorization-server`)).json();
  const request = new URLSearchParams({
    response_type: "code",
    client_id: "no-script-app",
    redirect_uri: app,
    scope: "books:read",
    state: "s1",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  await page.goto(`${metadata.authorization_endpoint}?${request}`);
  await persona(page, "alice").click();
  await allow(page).click();
  await page.waitForURL((url) => url.href.startsWith(app));
  const answer = new URL(page.url()).searchParams;
  assert.equal(answer.get("state"), "s1");
  assert.equal(answer.get("iss"), LOBBY);
  assert.ok(answer.get("code"));
  await page.context().close();
});

test("a sandbox by path has an issuer of its own, and its pages name it", async () => {
  const page = await visit();
  await toSignIn(page, { issuer: `${LOBBY}/_lobby/in/spa-1` });
  await page.getByText("Sandbox spa-1").waitFor();
  await assertReadable(page, "the sandbox's sign-in page");
  await persona(page, "alice").click();
  await allow(page).click();
  await heading(page, "Books").waitFor();
  await page.done();
});

test("an address that is not the app's is refused on a page, never by a redirect", async () => {
  const page = await visit();
  const metadata = await (await fetch(`${LOBBY}/.well-known/oauth-authorization-server`)).json();
  const request = new URLSearchParams({ response_type: "code", client_id: "bookshop-spa", redirect_uri: "http://evil.example/callback" });
  const answer = await page.goto(`${metadata.authorization_endpoint}?${request}`);
  assert.equal(answer.status(), 400);
  assert.equal(new URL(page.url()).origin, new URL(LOBBY).origin);
  assert.equal(await page.locator("a[href*='evil.example']").count(), 0);
  await assertReadable(page, "the error page");
  await picture(page, "error");
  await page.done();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1440]) {
    test(`sign-in and consent read well in ${colorScheme} at ${width} pixels`, async () => {
      const page = await visit({ colorScheme, viewport: { width, height: 800 } });
      await toSignIn(page, { client: `reader-${colorScheme}-${width}` });
      await assertReadable(page, "the sign-in page");
      await picture(page, `sign-in-${colorScheme}-${width}`);
      await persona(page, "alice").click();
      await allow(page).waitFor();
      await assertReadable(page, "the consent page");
      await picture(page, `consent-${colorScheme}-${width}`);
      await page.done();
    });
  }
}

// The pictures of the documentation, and the example itself in both lights.
for (const colorScheme of ["light", "dark"]) {
  test(`the example reads well in ${colorScheme}, from the sign-in page to a 403`, async () => {
    await control("reset");
    const page = await visit({ colorScheme, viewport: { width: 1040, height: 820 } });
    await toSignIn(page);
    await picture(page, `docs-sign-in-${colorScheme}`);
    await persona(page, "alice").click();
    await allow(page).waitFor();
    await picture(page, `docs-consent-${colorScheme}`);
    await allow(page).click();
    await heading(page, "Books").waitFor();
    await assertReadable(page, "the books");
    await picture(page, `docs-books-${colorScheme}`);
    await page.locator(".books li").first().getByRole("button", { name: /^Remove/ }).click();
    await heading(page, "You may not do that").waitFor();
    await assertReadable(page, "the 403 page");
    await picture(page, `docs-forbidden-${colorScheme}`);
    await page.done();
  });
}
