// Signs in with the authorization code flow and PKCE (RFC 7636), renews and ends the session. Tokens live in
// this tab alone: sessionStorage survives a reload and is gone with the tab.

const KEPT = "bookshop.session";
const UNDER_WAY = "bookshop.sign-in";

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const keep = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** This page, without query and fragment: where the browser comes back to. */
const home = () => location.origin + location.pathname;

export class Refused extends Error {
  /** `code` is an OAuth error such as `access_denied` or `invalid_grant`. */
  constructor(code, description) {
    super(description || code);
    this.code = code;
  }
}

export class Session {
  #server;
  #settings;
  #tokens;
  #renewing;

  constructor(settings, server) {
    this.#settings = settings;
    this.#server = server;
    this.#tokens = read(KEPT);
  }

  /** Reads the server's metadata (RFC 8414). An issuer with a path has it between host and path. */
  static async open(settings) {
    const issuer = new URL(settings.issuer);
    const path = issuer.pathname === "/" ? "" : issuer.pathname;
    const answer = await fetch(`${issuer.origin}/.well-known/oauth-authorization-server${path}`);
    if (!answer.ok) throw new Error(`the issuer answered ${answer.status} when asked for its metadata`);
    const server = await answer.json();
    // RFC 8414 3.3: metadata of somebody else is no metadata.
    if (server.issuer !== settings.issuer) throw new Error(`the issuer calls itself ${server.issuer}`);
    return new Session(settings, server);
  }

  get signedIn() {
    return Boolean(this.#tokens);
  }

  get accessToken() {
    return this.#tokens?.access;
  }

  get scopes() {
    return this.#tokens?.scopes ?? [];
  }

  /** What was asked for; the server leaves out what the person does not have. */
  get asked() {
    return this.#tokens?.asked ?? [];
  }

  /** What the ID token says of the person. It came straight from the server, over a channel of our own. */
  get person() {
    const payload = this.#tokens?.id?.split(".")[1];
    if (!payload) return undefined;
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** How much of the access token's life is left, by this browser's clock: `{ seconds, share }`. */
  get left() {
    if (!this.#tokens) return { seconds: 0, share: 0 };
    const { received, lifetime } = this.#tokens;
    const seconds = Math.max(0, lifetime - (Date.now() - received) / 1000);
    return { seconds, share: lifetime ? seconds / lifetime : 0 };
  }

  /** Leaves for the sign-in page. */
  async begin(scopes, extra = {}) {
    const verifier = random();
    const state = random();
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    keep(UNDER_WAY, { verifier, state, asked: scopes });
    const url = new URL(this.#server.authorization_endpoint);
    for (const [name, value] of Object.entries({
      response_type: "code",
      client_id: this.#settings.client,
      redirect_uri: home(),
      scope: scopes.join(" "),
      state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
      ...extra,
    })) {
      url.searchParams.set(name, value);
    }
    location.assign(url);
  }

  /** Comes back from the sign-in page: turns the code into tokens. False if this is no such return. */
  async finish(query) {
    const begun = read(UNDER_WAY);
    if (!begun || !query.has("state")) return false;
    sessionStorage.removeItem(UNDER_WAY);
    history.replaceState(null, "", home());
    if (query.get("state") !== begun.state) throw new Error("the answer belongs to another sign-in");
    // RFC 9207: an answer of another server, mixed up on the way, is not redeemed here.
    if (query.has("iss") && query.get("iss") !== this.#settings.issuer) throw new Error("the answer is another server's");
    if (query.has("error")) throw new Refused(query.get("error"), query.get("error_description"));
    await this.#ask({
      grant_type: "authorization_code",
      code: query.get("code"),
      redirect_uri: home(),
      code_verifier: begun.verifier,
    });
    this.#tokens.asked = begun.asked;
    keep(KEPT, this.#tokens);
    return true;
  }

  /** A new access token for the refresh token. Requests that fail together share one renewal. */
  renew() {
    const refresh = this.#tokens?.refresh;
    if (!refresh) return Promise.reject(new Refused("invalid_grant", "there is no refresh token"));
    this.#renewing ??= this.#ask({ grant_type: "refresh_token", refresh_token: refresh }).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Ends it here and at the server: revokes the refresh token, then leaves for the sign-out page. */
  async end() {
    const { refresh, id } = this.#tokens ?? {};
    this.forget();
    const { revocation_endpoint: revocation, end_session_endpoint: out } = this.#server;
    if (revocation && refresh) {
      const body = new URLSearchParams({ token: refresh, client_id: this.#settings.client });
      await fetch(revocation, { method: "POST", body }).catch(() => undefined);
    }
    if (!out) return location.assign(home());
    const url = new URL(out);
    url.searchParams.set("client_id", this.#settings.client);
    url.searchParams.set("post_logout_redirect_uri", home());
    if (id) url.searchParams.set("id_token_hint", id);
    return location.assign(url);
  }

  forget() {
    this.#tokens = null;
    sessionStorage.removeItem(KEPT);
  }

  async #ask(parameters) {
    const body = new URLSearchParams({ client_id: this.#settings.client, ...parameters });
    const answer = await fetch(this.#server.token_endpoint, { method: "POST", body });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(told.error ?? `status ${answer.status}`, told.error_description);
    this.#tokens = {
      ...this.#tokens,
      access: told.access_token,
      refresh: told.refresh_token ?? this.#tokens?.refresh,
      id: told.id_token ?? this.#tokens?.id,
      scopes: (told.scope ?? "").split(" ").filter(Boolean),
      lifetime: told.expires_in,
      received: Date.now(),
    };
    keep(KEPT, this.#tokens);
  }
}
