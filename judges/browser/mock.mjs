// A mock of the bookshop that no other test moves the clock of.
//   LOBBY_BIN=/path         the binary
//   LOBBY_DOCUMENT=/path    the bookshop

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE = 20_000;

/** Its URL, what it wrote on standard error so far, and how to end it. */
export async function mock(...flags) {
  const { LOBBY_BIN, LOBBY_DOCUMENT } = process.env;
  assert.ok(LOBBY_BIN && LOBBY_DOCUMENT, "LOBBY_BIN and LOBBY_DOCUMENT name what to run");
  const folder = mkdtempSync(path.join(tmpdir(), "lobby-judge-"));
  const ready = path.join(folder, "ready.json");
  const child = spawn(LOBBY_BIN, ["mock", LOBBY_DOCUMENT, "--port", "0", "--ready-file", ready, ...flags], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let talk = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    talk += text;
  });
  const gone = new Promise((done) => child.once("close", done));
  const stop = async () => {
    child.kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
    assert.doesNotMatch(talk, /panicked at/);
    return talk;
  };
  try {
    return { url: await address(ready, child), talk: () => talk, stop };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}:\n${talk}`);
  }
}

async function address(ready, child) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(5)) {
    assert.equal(child.exitCode, null, "the mock ended at its start");
    let text = "";
    try {
      text = readFileSync(ready, "utf8");
    } catch {
      // Not there yet.
    }
    if (text.endsWith("\n")) return JSON.parse(text).url.replace(/\/$/, "");
  }
  throw new Error("the mock was not ready in time");
}
