// A password manager that knows of a page what it may know: the autofill names of its fields (HTML 4.10.18.7). No
// label, id or name of ours helps it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { visit as visited } from "./chromium.mjs";
import { authorize } from "./pages.mjs";
import { shared } from "./shared.mjs";

const FIRST = "orbit-walnut-harbour-quilt";
const SECOND = "lantern-meadow-copper-violin";

const both = shared();
let apps = 0;

const visit = () => visited(both.browser);

/** Runs in the page: fills the form for a password from `vault` and sends it. Tells which names it found. */
function manage(vault) {
  const NAMES = ["username", "email", "current-password", "new-password"];
  const meaning = (field) => field.autocomplete.split(" ").find((name) => NAMES.includes(name));
  const fields = [...document.querySelectorAll("input[autocomplete]")].filter(meaning);
  const secret = fields.find((field) => meaning(field).endsWith("-password"));
  if (!secret) throw new Error("no field is for a password");
  const mine = fields.filter((field) => field.form === secret.form);
  for (const field of mine) {
    if (meaning(field).endsWith("-password") !== (field.type === "password")) throw new Error(`${field.type} for ${meaning(field)}`);
    if (field.readOnly) {
      if (field.value !== vault.username) throw new Error("the page is about somebody else");
      continue;
    }
    const value = { username: vault.username, email: vault.username, "current-password": vault.password, "new-password": vault.next ?? vault.password };
    field.value = value[meaning(field)];
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  secret.form.requestSubmit();
  return mine.map(meaning);
}

async function fill(page, vault) {
  const [names] = await Promise.all([page.evaluate(manage, vault), page.waitForNavigation()]);
  return names;
}

const signIn = (page) => page.goto(authorize({ url: both.desk.url, client: `autofill-${(apps += 1)}` }));

/** Makes an account by its mail, and leaves the browser signed in. */
async function member(page, username) {
  await page.goto(`${both.desk.url}/_lobby/sign-up`);
  assert.deepEqual(await fill(page, { username, password: FIRST }), ["email", "new-password"]);
  const [mail] = await (await fetch(`${both.desk.url}/_lobby/outbox?to=${encodeURIComponent(username)}`)).json();
  await page.goto(mail.links[0]);
  await page.locator("button.main").click();
  await page.waitForLoadState();
}

test("a password manager signs in by autofill names alone", async () => {
  const page = await visit();
  await signIn(page);
  assert.deepEqual(await fill(page, { username: "alice", password: "alice-password" }), ["username", "current-password"]);
  await page.getByRole("button", { name: "Allow" }).waitFor();
  await page.done();
});

test("a password manager signs up by autofill names alone", async () => {
  const page = await visit();
  const username = "autofill-up@example.com";
  await member(page, username);
  const again = await visit();
  await signIn(again);
  await fill(again, { username, password: FIRST });
  await again.getByRole("button", { name: "Allow" }).waitFor();
  await again.done();
  await page.done();
});

test("a password manager changes a password by autofill names alone", async () => {
  const page = await visit();
  const username = "autofill-change@example.com";
  await member(page, username);
  // Where password managers look (W3C, a well-known URL for changing passwords).
  await page.goto(`${both.desk.url}/.well-known/change-password`);
  const vault = { username, password: FIRST, next: SECOND };
  assert.deepEqual(await fill(page, vault), ["username", "current-password", "new-password"]);
  assert.equal(await page.getByRole("alert").count(), 0);
  const again = await visit();
  await signIn(again);
  await fill(again, { username, password: SECOND });
  await again.getByRole("button", { name: "Allow" }).waitFor();
  await again.done();
  await page.done();
});
