// A PostgreSQL server of a test's own, in a temporary folder, reached by a socket there.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Debian keeps the programs out of the path, one folder for each version. */
function program(name) {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").sort() : [];
  const found = versions.map((version) => path.join("/usr/lib/postgresql", version, "bin", name)).filter(existsSync);
  return found.at(-1) ?? name;
}

/** The server refuses to run as root. */
function user() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Its URL, and how to end it. */
export async function postgres() {
  const folder = mkdtempSync(path.join(tmpdir(), "lobby-judge-"));
  const as = { ...user(), cwd: folder };
  if (as.uid) chownSync(folder, as.uid, as.gid);
  const data = path.join(folder, "data");
  execFileSync(program("initdb"), ["-A", "trust", "-U", "lobby", "-E", "UTF8", "--locale=C", "--no-sync", "-D", data], {
    ...as,
    stdio: "ignore",
  });
  const child = spawn(program("postgres"), ["-D", data, "-k", folder, "-c", "listen_addresses="], {
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = new Promise((done) => child.once("close", done));
  await new Promise((ready, failed) => {
    let talk = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      talk += text;
      if (talk.includes("ready to accept connections")) ready();
    });
    gone.then(() => failed(new Error(talk)));
  });
  const stop = async () => {
    child.kill("SIGQUIT");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  assert.equal(child.exitCode, null);
  return { url: `postgres://lobby@localhost/postgres?host=${folder}`, stop };
}
