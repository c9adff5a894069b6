// The SARIF Multitool: whether the logs of `lobby check` are what the standard and code scanning ask for.
//   LOBBY_BIN=target/debug/lobby   the program that checks
//   LOBBY_DOCUMENT=api.yaml        a document that is sound

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

const LOBBY = process.env.LOBBY_BIN ?? assert.fail("LOBBY_BIN names no program");
const DOCUMENT = process.env.LOBBY_DOCUMENT ?? assert.fail("LOBBY_DOCUMENT names no document");

// The package names its program, and makes it one by a script that is not run here.
const require = createRequire(import.meta.url);
const MULTITOOL = require("@microsoft/sarif-multitool");
chmodSync(MULTITOOL, 0o755);

// The standard's own schema lies beside it.
const ajv = new (require("ajv/dist/2020.js").default)({ allErrors: true, strict: false });
require("ajv-formats").default(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(join(dirname(MULTITOOL), "sarif-2.1.0.json"), "utf8")));

const folder = mkdtempSync(join(tmpdir(), "lobby-sarif-"));
after(() => rmSync(folder, { recursive: true }));

/**
 * No `informationUri`: Lobby has no page of its own on the web yet. The tool says so of every log that it could read,
 * and says nothing at all of one that it could not.
 */
const KNOWN = "SARIF2005";

/** Writes a document beside the logs. */
function document(name, text) {
  writeFileSync(join(folder, name), text);
  return name;
}

/** What the schema has against a log, and then the tool: errors and warnings, of the standard and of GitHub. */
function judged(log) {
  if (!valid(JSON.parse(log))) return valid.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
  writeFileSync(join(folder, "log.sarif"), log);
  rmSync(join(folder, "found.sarif"), { force: true });
  const flags = ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--output", "found.sarif", "--quiet", "true"];
  const env = { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" };
  const ran = spawnSync(MULTITOOL, ["validate", "log.sarif", ...flags], { cwd: folder, env, encoding: "utf8" });
  assert.equal(ran.status, 0, `${ran.error} ${ran.stdout} ${ran.stderr}`);
  const found = JSON.parse(readFileSync(join(folder, "found.sarif"), "utf8").replace(/^\uFEFF/, ""));
  const results = found.runs.flatMap((run) => run.results ?? []);
  assert.ok(results.some(({ ruleId }) => ruleId === KNOWN), "the tool could not read the log");
  return results.filter(({ ruleId }) => ruleId !== KNOWN).map(({ ruleId, message }) => [ruleId, ...(message.arguments ?? [])].join(" "));
}

/** The log of a check. */
function checked(exit, ...words) {
  const ran = spawnSync(LOBBY, ["check", "--format", "sarif", ...words], { cwd: folder, encoding: "utf8" });
  assert.equal(ran.status, exit, ran.stderr);
  return ran.stdout;
}

const POOR = `openapi: 3.1.0
info: {title: "Läden", version: "1"}
servers: [{url: "http://api.example.com"}]
components:
  securitySchemes:
    key: {type: apiKey, in: query, name: k}
    oauth: {type: oauth2, flows: {implicit: {authorizationUrl: https://id.example.com/a, scopes: {never: ""}}}}
paths:
  /users/{id}:
    get: {security: [{key: []}], responses: {"200": {description: ok}}}
    delete: {responses: {"204": {description: ok}}}
  "/über uns":
    post: {security: [{nobody: []}], responses: {"200": {$ref: "#/components/responses/None"}}}
`;

test("a log without findings is sound", () => {
  assert.deepEqual(judged(checked(0, DOCUMENT)), []);
});

test("a log of findings is sound", () => {
  const log = checked(1, document("poor.yaml", POOR));
  assert.ok(JSON.parse(log).runs[0].results.length > 5, log);
  assert.deepEqual(judged(log), []);
});

test("a log with the table and of a file with a strange name is sound", () => {
  assert.deepEqual(judged(checked(1, "--table", document("a b#c%.yaml", POOR))), []);
});

test("a log of a document that cannot be read is sound", () => {
  assert.deepEqual(judged(checked(2, document("broken.yaml", "openapi: 3.1.0\npaths: {/a: [}\n"))), []);
});

test("the judge finds what is against the schema, and what is against the tool's rules", () => {
  const spoilt = (spoil) => {
    const log = JSON.parse(checked(1, document("poor.yaml", POOR)));
    spoil(log.runs[0]);
    return judged(JSON.stringify(log)).join();
  };
  assert.match(spoilt(({ results }) => (results[0].level = "deadly")), /level must be equal to one of/);
  assert.match(spoilt(({ results }) => delete results[1].message), /must have required property 'message'/);
  assert.match(spoilt(({ tool }) => delete tool.driver.rules[0].help), /GH2012/);
});
