// jose takes our tokens and refuses the wrong ones; we take its tokens and refuse the wrong ones.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import * as jose from "jose";
import { sandbox, verdict } from "./desk.mjs";

test("our tokens, by the key set that discovery names", async (t) => {
  const desk = sandbox("jose");
  const metadata = await (await fetch(`${desk.issuer}/.well-known/openid-configuration`)).json();
  const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
  const demands = { issuer: metadata.issuer, audience: desk.audience, typ: "at+jwt" };
  const judge = (token) => jose.jwtVerify(token, keys, demands);

  await t.test("a good one", async () => {
    const { payload, protectedHeader } = await judge(await desk.token({ as: "alice", scope: "books:read" }));
    assert.equal(payload.sub, "alice");
    assert.equal(payload.scope, "books:read");
    assert.equal(protectedHeader.alg, "ES256");
  });

  const wrong = {
    expired: "ERR_JWT_EXPIRED",
    wrong_audience: "ERR_JWT_CLAIM_VALIDATION_FAILED",
    wrong_issuer: "ERR_JWT_CLAIM_VALIDATION_FAILED",
    bad_signature: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    not_yet_valid: "ERR_JWT_CLAIM_VALIDATION_FAILED",
  };
  for (const [defect, code] of Object.entries(wrong)) {
    await t.test(`one that is wrong on purpose: ${defect}`, async () => {
      await assert.rejects(judge(await desk.token({ as: "alice", defect })), { code });
    });
  }

  await t.test("one without a signature", async () => {
    await assert.rejects(judge(await desk.token({ as: "alice", defect: "alg_none" })), jose.errors.JOSEError);
  });
});

const ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"];

/// A mock of its own that believes an issuer whose keys we hold.
async function believer(jwks) {
  const folder = await mkdtemp(path.join(tmpdir(), "judge-"));
  const file = (name) => path.join(folder, name);
  await writeFile(file("keys.json"), JSON.stringify(jwks));
  const algorithms = ALGORITHMS.join(", ");
  await writeFile(
    file("lobby.yaml"),
    `apis:
  bookshop:
    contract: ${JSON.stringify(process.env.LOBBY_DOCUMENT)}
    backend: mock
    issuers:
      - { url: https://id.example.net, jwks: keys.json, audience: bookshop, algorithms: [${algorithms}] }
`,
  );
  const flags = ["mock", "--config", "lobby.yaml", "--port", "0", "--ready-file", "ready.json"];
  const options = { cwd: folder, stdio: ["ignore", "ignore", "pipe"] };
  const child = spawn(process.env.LOBBY_BIN, flags, options);
  let talk = "";
  child.stderr.on("data", (piece) => (talk += piece));
  let ended = false;
  child.on("exit", () => (ended = true));
  for (;;) {
    const ready = await readFile(file("ready.json"), "utf8").catch(() => "");
    if (ready.endsWith("\n")) {
      const stop = async () => {
        child.kill();
        await rm(folder, { recursive: true });
      };
      return { api: JSON.parse(ready).url.replace(/\/$/, ""), stop };
    }
    assert.ok(!ended, `the mock ended at its start: ${talk}`);
    await new Promise((later) => setTimeout(later, 5));
  }
}

test("tokens that jose made", async (t) => {
  const pairs = {};
  for (const alg of ALGORITHMS) pairs[alg] = await jose.generateKeyPair(alg, { extractable: true });
  const keys = [];
  for (const alg of ALGORITHMS) keys.push({ ...(await jose.exportJWK(pairs[alg].publicKey)), alg, kid: alg, use: "sig" });
  const desk = await believer({ keys });
  t.after(desk.stop);

  const make = (alg, header = {}) =>
    new jose.SignJWT({ scope: "books:read", client_id: "partner" })
      .setProtectedHeader({ alg, kid: alg, typ: "at+jwt", ...header })
      .setIssuer("https://id.example.net")
      .setSubject("zoe")
      .setAudience("bookshop")
      .setIssuedAt()
      .setJti(alg)
      .setExpirationTime("5m");
  const ask = async (token) => verdict(desk, "/books", { authorization: `Bearer ${await token}` });

  for (const alg of ALGORITHMS) {
    await t.test(`${alg}: a good one, and the same with a bit turned`, async () => {
      const token = await make(alg).sign(pairs[alg].privateKey);
      assert.equal(await ask(token), "allow");
      const at = token.lastIndexOf(".") + 8;
      const turned = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      assert.equal(await ask(turned), "token.signature");
    });
  }

  await t.test("wrong ones, each with its denial", async () => {
    const { privateKey } = pairs.ES256;
    assert.equal(await ask(make("ES256").setAudience("elsewhere").sign(privateKey)), "token.audience");
    assert.equal(await ask(make("ES256").setIssuer("https://other.example").sign(privateKey)), "token.issuer");
    assert.equal(await ask(make("ES256").setExpirationTime("-2m").sign(privateKey)), "token.expired");
    assert.equal(await ask(make("ES256").setNotBefore("2m").sign(privateKey)), "token.not_yet_valid");
    assert.equal(await ask(make("ES256", { kid: "stranger" }).sign(privateKey)), "token.key");
    assert.equal(await ask(make("ES256", { typ: "id_token+jwt" }).sign(privateKey)), "token.type");
  });
});
