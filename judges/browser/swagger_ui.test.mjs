// Swagger UI as it is published, on an origin of its own, over the document that a mock of the bookshop serves:
// what its Authorize dialog obtains lets its "Try it out" in.
//   SCREENSHOTS=folder   where pictures go; none without it

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { launch } from "./chromium.mjs";
import { mock } from "./server.mjs";

const PICTURES = process.env.SCREENSHOTS;
const DIST = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".png": "image/png" };

let browser;
let desk;
let server;
let origin;

/** All that a developer writes to have Swagger UI. */
const initializer = () => `
window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: ${JSON.stringify(`${desk.url}/_lobby/openapi.json`)},
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
  window.ui.initOAuth({ clientId: "swagger-ui", usePkceWithAuthorizationCodeGrant: true });
};`;

before(async () => {
  desk = await mock();
  server = createServer(async (request, response) => {
    const name = path.basename(new URL(request.url, "http://localhost").pathname) || "index.html";
    const body = name === "swagger-initializer.js" ? initializer() : await readFile(path.join(DIST, name)).catch(() => undefined);
    response.writeHead(body === undefined ? 404 : 200, { "Content-Type": TYPES[path.extname(name)] ?? "text/plain" });
    response.end(body);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
  if (PICTURES) mkdirSync(PICTURES, { recursive: true });
});

after(async () => {
  await browser?.close();
  server?.close();
  await desk?.stop();
});

/** The document, shown to somebody new. */
async function open() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.done = async () => {
    assert.deepEqual(page.complaints, []);
    await context.close();
  };
  await page.goto(origin);
  await page.getByRole("heading", { name: /^Bookshop/ }).waitFor();
  assert.equal(await page.locator(".errors-wrapper").count(), 0, "Swagger UI finds no error in the document");
  return page;
}

/** What "Try it out" and "Execute" of an operation show: the status, the body, and the headers. */
async function attempt(page, operation) {
  const block = page.locator(`.opblock[id$="-${operation}"]`);
  if (!(await block.evaluate((element) => element.classList.contains("is-open")))) {
    await block.locator(".opblock-summary-control").click();
    await block.getByRole("button", { name: "Try it out" }).click();
  }
  const answered = page.waitForResponse((answer) => answer.url().startsWith(desk.url) && answer.request().method() !== "OPTIONS");
  await block.getByRole("button", { name: "Execute", exact: true }).click();
  await answered;
  const shown = block.locator(".live-responses-table .response");
  await shown.waitFor();
  const [body, headers] = await shown.locator("pre").allInnerTexts();
  return { status: Number.parseInt(await shown.locator(".response-col_status").innerText(), 10), body, headers };
}

/** The dialog's part for a scheme, with the dialog open. */
async function scheme(page, name) {
  if ((await page.locator(".dialog-ux").count()) === 0) {
    await page.locator(".auth-wrapper .btn.authorize").first().click();
  }
  return page.locator(".dialog-ux .auth-container").filter({ has: page.locator("h4", { hasText: name }) }).first();
}

const choose = (part, scope) => part.locator(".checkbox label", { hasText: scope }).first().click();

/** Presses a part's Authorize, and has it done where no page is asked. */
const authorize = (part) => part.locator("button.authorize").click();
const isAuthorized = (part) => part.locator("button", { hasText: "Logout" }).waitFor();

const close = (page) => page.locator(".dialog-ux .btn-done").first().click();

const picture = (page, name) =>
  PICTURES ? page.screenshot({ path: path.join(PICTURES, `swagger-ui-${name}.png`) }) : undefined;

/** Signs alice in by the page that a part's Authorize opens; the form that Swagger UI then sends for the token. */
async function signIn(page, part) {
  const [person] = await Promise.all([page.waitForEvent("popup"), authorize(part)]);
  const answer = page.waitForResponse((got) => got.url() === `${desk.url}/_lobby/oauth/token`);
  await person.locator('button[name=persona][value="alice"]').click();
  const closed = person.waitForEvent("close");
  await person.getByRole("button", { name: "Allow", exact: true }).click();
  await closed;
  assert.equal((await answer).status(), 200);
  await isAuthorized(part);
  return new URLSearchParams((await answer).request().postData());
}

test("before the sign-in 401, and its challenge is readable; after code with PKCE 200", async () => {
  const page = await open();
  const before = await attempt(page, "listBooks");
  assert.equal(before.status, 401);
  assert.match(before.headers, /^\s*www-authenticate: .*Bearer realm=/im);
  assert.match(before.headers, /^\s*lobby-verdict: credential\.missing/im);
  assert.match(before.body, /"code": "credential\.missing"/);
  await picture(page, "401");

  const part = await scheme(page, "oauth (OAuth2, authorizationCode with PKCE)");
  await part.locator("a", { hasText: "select all" }).click();
  assert.equal(await part.locator("input[id^=client_id]").inputValue(), "swagger-ui");
  await picture(page, "authorize");
  const form = await signIn(page, part);
  assert.equal(form.get("grant_type"), "authorization_code");
  assert.equal(form.get("redirect_uri"), `${origin}/oauth2-redirect.html`);
  assert.ok(form.get("code_verifier"), "proved by PKCE");
  await close(page);

  const after = await attempt(page, "listBooks");
  assert.equal(after.status, 200, after.body);
  assert.match(after.body, /The Left Hand of Darkness/);
  await picture(page, "200");
  const created = await attempt(page, "createBook");
  assert.equal(created.status, 201, created.body);
  assert.match(created.headers, /^\s*location: /im);
  await page.done();
});

test("OpenID Connect is found by its document, and lets in", async () => {
  const page = await open();
  assert.equal((await attempt(page, "whoAmI")).status, 401);
  const part = await scheme(page, "oidc (OAuth2, authorization_code with PKCE)");
  await choose(part, "openid");
  await choose(part, "profile");
  await signIn(page, part);
  await close(page);
  const me = await attempt(page, "whoAmI");
  assert.equal(me.status, 200, me.body);
  await page.done();
});

test("an API key, a password and a client's own token let in where they should", async () => {
  const page = await open();
  for (const operation of ["listStock", "listReports"]) assert.equal((await attempt(page, operation)).status, 401, operation);
  const badge = await scheme(page, "badge");
  await badge.locator("input").fill("no such key");
  await authorize(badge);
  await isAuthorized(badge);
  await close(page);
  const refused = await attempt(page, "listStock");
  assert.equal(refused.status, 401);
  assert.match(refused.headers, /^\s*lobby-verdict: key\.unknown/im);

  await (await scheme(page, "badge")).locator("button", { hasText: "Logout" }).click();
  await badge.locator("input").fill("alice-badge-key");
  await authorize(badge);
  await isAuthorized(badge);
  const password = await scheme(page, "password");
  await password.locator("input[name=username]").fill("alice");
  await password.locator("input[name=password]").fill("alice-password");
  await authorize(password);
  await isAuthorized(password);
  await close(page);
  for (const operation of ["listStock", "listReports"]) assert.equal((await attempt(page, operation)).status, 200, operation);

  await page.reload();
  const part = await scheme(page, "oauth (OAuth2, clientCredentials)");
  await choose(part, "books:read");
  await part.locator("input[id^=client_id]").fill("a-machine");
  await part.locator("input[id^=client_secret]").fill("its secret");
  await authorize(part);
  await isAuthorized(part);
  await close(page);
  assert.equal((await attempt(page, "listBooks")).status, 200);
  const forbidden = await attempt(page, "createBook");
  assert.equal(forbidden.status, 403, "for that scope was not asked");
  assert.match(forbidden.headers, /insufficient_scope.*books:write/);
  await page.done();
});
