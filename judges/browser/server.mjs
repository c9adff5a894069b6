// A mock of the bookshop that no other test moves the clock of; and a `lobby serve` with accounts of its own.
//   LOBBY_BIN=/path         the binary
//   LOBBY_DOCUMENT=/path    the bookshop

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE = 20_000;

/** Its URL, what it wrote on standard error so far, and how to end it. */
export function mock(...flags) {
  const { LOBBY_DOCUMENT } = process.env;
  assert.ok(LOBBY_DOCUMENT, "LOBBY_DOCUMENT names the bookshop");
  return start(["mock", LOBBY_DOCUMENT, "--port", "0", ...flags], {});
}

/** The same of a `lobby serve` with this lobby.yaml, and what its ready file says. */
export const serve = (config, variables) => start(["serve", "--config", "lobby.yaml"], { config, variables });

async function start(command, { config, variables }) {
  const { LOBBY_BIN } = process.env;
  assert.ok(LOBBY_BIN, "LOBBY_BIN names what to run");
  const folder = mkdtempSync(path.join(tmpdir(), "lobby-judge-"));
  if (config) writeFileSync(path.join(folder, "lobby.yaml"), config);
  const ready = path.join(folder, "ready.json");
  const child = spawn(LOBBY_BIN, [...command, "--ready-file", ready], {
    cwd: folder,
    env: { ...process.env, ...variables },
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
    const said = await readiness(ready, child);
    return { url: said.url.replace(/\/$/, ""), said, talk: () => talk, stop };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}:\n${talk}`);
  }
}

async function readiness(ready, child) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(5)) {
    assert.equal(child.exitCode, null, "it ended at its start");
    let text = "";
    try {
      text = readFileSync(ready, "utf8");
    } catch {
      // Not there yet.
    }
    if (text.endsWith("\n")) return JSON.parse(text);
  }
  throw new Error("it was not ready in time");
}
