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
