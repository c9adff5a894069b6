// Calls the API: with the access token, renewed once when the server says that it is no longer good.

import { complaint } from "./challenge.js";

/** An answer that is no success, with what the server said about it. */
export class Denied extends Error {
  constructor(answer, problem) {
    super(problem?.detail ?? problem?.title ?? problem?.message ?? `the server answered ${answer.status}`);
    this.status = answer.status;
    this.challenge = complaint(answer.headers.get("WWW-Authenticate"));
    // A mock names its verdict in a header, for those who develop against it.
    this.verdict = answer.headers.get("Lobby-Verdict") ?? problem?.code;
    this.hint = problem?.hint;
  }

  /** The scopes that would do, if scopes are what is missing. */
  get wanted() {
    const { error, scope } = this.challenge?.parameters ?? {};
    return error === "insufficient_scope" ? (scope ?? "").split(" ").filter(Boolean) : [];
  }
}

export class Api {
  #base;
  #session;
  #log;

  constructor(base, session, log) {
    this.#base = base.replace(/\/$/, "");
    this.#session = session;
    this.#log = log;
  }

  async books() {
    const found = await this.#call("GET", "/books");
    if (Array.isArray(found)) return found;
    return Object.values(found ?? {}).find(Array.isArray) ?? [];
  }

  remove(id) {
    return this.#call("DELETE", `/books/${encodeURIComponent(id)}`);
  }

  async #call(method, path) {
    try {
      return await this.#once(method, path);
    } catch (denied) {
      const stale = denied.status === 401 && denied.challenge?.parameters.error === "invalid_token";
      if (!stale) throw denied;
      await this.#session.renew();
      this.#log("The token was renewed", "good");
      return await this.#once(method, path);
    }
  }

  async #once(method, path) {
    const answer = await fetch(this.#base + path, {
      method,
      headers: { Accept: "application/json", Authorization: `Bearer ${this.#session.accessToken}` },
    });
    const type = answer.headers.get("Content-Type") ?? "";
    const body = /[/+]json/.test(type) ? await answer.json().catch(() => undefined) : undefined;
    if (!answer.ok) {
      const denied = new Denied(answer, body);
      this.#log(`${method} ${path} · ${answer.status} ${denied.verdict ?? ""}`, "bad");
      throw denied;
    }
    this.#log(`${method} ${path} · ${answer.status}`, "good");
    return body;
  }
}
