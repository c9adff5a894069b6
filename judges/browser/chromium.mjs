// The browser.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

/** CHROMIUM, or the first on PATH. */
export function launch(...flags) {
  return chromium.launch({ executablePath: find(), args: ["--no-sandbox", ...flags] });
}

function find() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const found = [process.env.CHROMIUM, ...folders.flatMap((folder) => names.map((name) => path.join(folder, name)))];
  return found.find((file) => file && existsSync(file)) ?? assert.fail("no Chromium on PATH; name one in CHROMIUM");
}

/** Somebody new in front of the browser. What a page's own policy would not have fails the test when they are done. */
export async function visit(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const violations = [];
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && violations.push(message.text()));
  page.done = async () => {
    await context.close();
    assert.deepEqual(violations, []);
  };
  return page;
}

/** A browser of its own, with an authenticator that does as its person wants (WebAuthn's automation over CDP). */
export async function withAuthenticator(browser, options = {}) {
  const page = await visit(browser);
  const context = page.context();
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  const held = async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  return { page, devtools, authenticatorId, held, done: page.done, context };
}
