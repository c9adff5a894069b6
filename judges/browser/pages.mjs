// Every page that a person may see, and how to come to it in a new browser.

/** A new app for each page, for consent is asked once for each; with a name that no designer thought of. */
let apps = 0;
const app = () => `the-warehouse-management-front-end-of-llanfairpwllgwyngyll-${(apps += 1)}`;

/** No redirect leads on: nothing listens there. */
const CALLBACK = "http://127.0.0.1:9/callback";

const persona = (page, name) => page.locator(`button[name=persona][value="${name}"]`).click();
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** An authorization request. */
export function authorize({ url, client }, changed = {}) {
  const request = {
    response_type: "code",
    client_id: client,
    redirect_uri: CALLBACK,
    scope: "openid profile books:read books:write",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    ...changed,
  };
  return `${url}/_lobby/oauth/authorize?${new URLSearchParams(request)}`;
}

/** What a device is told to show. */
export async function device({ url, client }) {
  const body = new URLSearchParams({ client_id: client, scope: "books:read" });
  return (await fetch(`${url}/_lobby/oauth/device`, { method: "POST", body })).json();
}

const WAYS = {
  "sign-in": async (page, desk) => {
    await page.goto(authorize(desk));
  },
  "sign-in refused": async (page, desk) => {
    await page.goto(authorize(desk));
    await page.getByLabel("Name or e-mail").fill("alice");
    await page.getByLabel("Password").fill("not hers");
    await press(page, "Sign in");
    await page.getByRole("alert").waitFor();
  },
  consent: async (page, desk) => {
    await page.goto(authorize(desk));
    await persona(page, "alice");
  },
  "consent to more": async (page, desk) => {
    await page.goto(authorize(desk, { scope: "books:read" }));
    await persona(page, "alice");
    // It leads away, to where nothing answers.
    await press(page, "Allow").catch(() => {});
    await page.waitForURL(/^chrome-error:|:9\//);
    await page.goto(authorize(desk));
  },
  device: async (page, desk) => {
    await page.goto((await device(desk)).verification_uri);
    await persona(page, "alice");
  },
  "device unknown": async (page, desk) => {
    await WAYS.device(page, desk);
    await page.locator("#code").fill("NONE-SUCH");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
  },
  "device confirmed": async (page, desk) => {
    await page.goto((await device(desk)).verification_uri_complete);
    await persona(page, "alice");
    await press(page, "Go on");
    await page.locator("p.code").waitFor();
  },
  "device connected": async (page, desk) => {
    await WAYS["device confirmed"](page, desk);
    await page.locator("button.main").click();
  },
  error: async (page, desk) => {
    await page.goto(authorize(desk, { redirect_uri: "http://evil.example/callback" }));
  },
  "sign-up": async (page, desk) => {
    await page.goto(`${desk.url}/_lobby/sign-up`);
  },
  "sign-up refused": async (page, desk) => {
    await WAYS["sign-up"](page, desk);
    await page.getByLabel("E-mail").fill("ana@example.com");
    await page.getByLabel("New password").fill("short");
    await press(page, "Make an account");
    await page.getByRole("alert").waitFor();
  },
  reset: async (page, desk) => {
    await page.goto(`${desk.url}/_lobby/reset`);
  },
  account: async (page, desk) => {
    // Whoever signed in before would be on the page too.
    await fetch(`${desk.url}/_lobby/reset`, { method: "POST" });
    await WAYS.consent(page, desk);
    await page.goto(`${desk.url}/_lobby/account/`);
  },
  "change password": async (page, desk) => {
    await WAYS.account(page, desk);
    await page.getByRole("link", { name: "Change your password" }).click();
  },
  codes: async (page, desk) => {
    await WAYS.account(page, desk);
    await page.getByRole("link", { name: "Recovery codes" }).click();
  },
  authenticator: async (page, desk) => {
    await WAYS.account(page, desk);
    await page.getByRole("link", { name: "Authenticator app" }).click();
  },
  passkeys: async (page, desk) => {
    await WAYS.account(page, desk);
    await page.getByRole("link", { name: "Your passkeys" }).click();
  },
  "app passwords": async (page, desk) => {
    await WAYS.account(page, desk);
    await page.getByRole("link", { name: "App passwords" }).click();
  },
  "app password made": async (page, desk) => {
    await WAYS["app passwords"](page, desk);
    await page.getByLabel("Its name").fill("the mail program of the warehouse");
    await page.getByRole("checkbox").first().check();
    await press(page, "Make an app password");
    await page.getByRole("status").waitFor();
  },
  "sign-out": async (page, desk) => {
    await WAYS.consent(page, desk);
    await page.goto(`${desk.url}/_lobby/oauth/logout`);
  },
  "signed out": async (page, desk) => {
    await WAYS["sign-out"](page, desk);
    await press(page, "Sign out");
  },
};

export const PAGES = Object.keys(WAYS);

/** Leads `page` to one of `PAGES`, for an app whose name it gives. */
export async function lead(page, name, url) {
  const client = app();
  await WAYS[name](page, { url, client });
  await page.getByRole("heading", { level: 1 }).waitFor();
  return client;
}
