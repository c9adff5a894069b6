// The mock that is judged, and its control API.

import assert from "node:assert/strict";

export const LOBBY = process.env.LOBBY_URL?.replace(/\/$/, "") ?? assert.fail("LOBBY_URL names no running mock");

/// A place to come back to; nothing listens there, a person stops before it.
export const CALLBACK = "http://127.0.0.1:9/callback";

/// A sandbox that is its own issuer.
export function sandbox(name) {
  const url = `${LOBBY}/_lobby/in/${name}`;
  const control = async (path, body) => {
    const response = await fetch(`${url}/_lobby/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
    return response.status === 204 ? undefined : response.json();
  };
  return {
    issuer: url,
    api: url,
    audience: `${url}/bookshop`,
    advance: (span) => control("clock", { advance: span }),
    token: (wanted) => control("token", wanted).then((issued) => issued.access_token),
  };
}

/// What the API says to a request: its verdict.
export async function verdict(desk, path, headers, method = "GET") {
  const response = await fetch(`${desk.api}${path}`, { method, headers });
  await response.body?.cancel();
  return response.headers.get("lobby-verdict");
}
