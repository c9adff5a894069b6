// A bookshop's front end. It was written before its API exists: a mock answers, and denies, in its place.
//   ?issuer=http://127.0.0.1:4010   who signs people in
//   &api=…  &client=…  &scope=…     where the books are (the issuer), client id, scopes to ask for

import { Api, Denied } from "./api.js";
import { Refused, Session } from "./session.js";

const DEFAULTS = {
  issuer: "http://127.0.0.1:4010",
  client: "bookshop-spa",
  scope: "openid profile books:read",
};

const element = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const settings = readSettings();
let session;
let api;

/** Settings of the address, kept in this tab because the way back from the sign-in page has none. */
function readSettings() {
  const kept = JSON.parse(sessionStorage.getItem("bookshop.settings") ?? "{}");
  const given = ["issuer", "api", "client", "scope"].filter((name) => query.has(name)).map((name) => [name, query.get(name)]);
  // Whose server it is decides what else is true: another issuer in the address starts anew.
  const another = query.has("issuer") && kept.issuer && query.get("issuer") !== kept.issuer;
  if (another) sessionStorage.clear();
  const settings = { ...DEFAULTS, ...(another ? {} : kept), ...Object.fromEntries(given) };
  sessionStorage.setItem("bookshop.settings", JSON.stringify(settings));
  return { api: settings.issuer, ...settings };
}

/** Makes an element. Texts are set as text, so nothing that a server sends becomes markup. */
function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function show(title, ...children) {
  document.title = `${title} · Bookshop`;
  const heading = make("h1", { textContent: title, tabIndex: -1 });
  element("view").replaceChildren(heading, ...children);
  heading.focus();
  showSession();
}

function log(text, kind) {
  element("log").prepend(make("li", { textContent: text, className: kind }));
}

function showSession() {
  const person = session?.person;
  element("who").textContent = session?.signedIn ? `Signed in as ${person?.name ?? person?.sub ?? "somebody"}` : "";
  element("sign-out").hidden = !session?.signedIn;
  element("side").hidden = !session?.signedIn;
  element("token-scopes").textContent = session?.scopes.join(" ") || "none";
  showTime();
}

function showTime() {
  const { seconds, share } = session?.left ?? { seconds: 0, share: 0 };
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  element("token-left").textContent = seconds > 0 ? `${minutes} min ${rest} s left by this browser's clock` : "Run out";
  element("token-meter").value = share;
}

function showWelcome() {
  show(
    "Books, if you show a badge",
    make("p", { textContent: "Sign in to see what is on the shelves. You will choose who you are on a page of the sign-in server." }),
    button("Sign in", () => session.begin(settings.scope.split(" ")), "main"),
  );
}

async function showBooks() {
  let books;
  try {
    books = await api.books();
  } catch (error) {
    return showError(error, "see the books", showBooks);
  }
  const shelf = make("ul", { className: "books" });
  for (const book of books) shelf.append(card(book));
  show("Books", books.length ? shelf : make("p", { textContent: "The shelves are empty." }));
  return undefined;
}

function card(book) {
  const title = String(book.title ?? book.name ?? book.id);
  const authors = [book.author ?? book.authors ?? []].flat().map((author) => author?.name ?? author);
  const remove = button("Remove", async () => {
    try {
      await api.remove(book.id);
    } catch (error) {
      showError(error, `remove ${title}`, () => api.remove(book.id).then(showBooks));
      return;
    }
    await showBooks();
  });
  remove.setAttribute("aria-label", `Remove ${title}`);
  return make(
    "li",
    {},
    make("span", { className: "cover", ariaHidden: "true", textContent: title.slice(0, 1).toUpperCase() }),
    make("span", { className: "about" }, make("b", { textContent: title }), make("span", { className: "dim", textContent: authors.join(", ") })),
    remove,
  );
}

/** What stands in the way, and the way on: by what the answer's challenge says, not by its text. */
function showError(error, wish, again) {
  if (error instanceof Refused) {
    // The refresh token is no longer taken either: only the sign-in page helps.
    session.forget();
    show("Sign in again", make("p", { textContent: `Your session has ended (${error.code}).` }), button("Sign in", () => session.begin(settings.scope.split(" ")), "main"));
  } else if (error instanceof Denied && error.status === 403) {
    showForbidden(error, wish);
  } else {
    show("That did not work", make("p", { role: "alert", textContent: `You cannot ${wish} right now: ${error.message}.` }), button("Try again", () => Promise.resolve(again()).catch((error) => showError(error, wish, again)), "main"));
  }
}

function showForbidden(denied, wish) {
  const facts = make("dl", { id: "challenge" });
  const fact = (name, value) => value && facts.append(make("dt", { textContent: name }), make("dd", { textContent: value }));
  fact("The server says", denied.challenge?.parameters.error ?? denied.verdict);
  fact("Needed", denied.wanted.join(" "));
  fact("This token has", session.scopes.join(" ") || "no scope");
  fact("Hint of the mock", denied.hint);
  const ways = make("p", { className: "buttons" });
  // What was asked for and not given would not be given the next time either.
  const lacking = denied.wanted.filter((scope) => !session.asked.includes(scope));
  if (lacking.length) {
    const scopes = [...new Set([...session.asked, ...lacking])];
    ways.append(button(`Ask for ${lacking.join(" and ")}`, () => session.begin(scopes), "main"));
  }
  ways.append(
    button("Back to the books", showBooks),
    button("Sign in as somebody else", () => session.begin(settings.scope.split(" "), { prompt: "login" })),
  );
  const asked = denied.wanted.length && !lacking.length ? " It was asked for, and not given to you." : "";
  show("You may not do that", make("p", { role: "alert", textContent: `You are known here, but not allowed to ${wish}.${asked}` }), facts, ways);
}

function button(text, onclick, className = "") {
  return make("button", { type: "button", textContent: text, onclick, className });
}

/** Moves the mock's clock; a real server has nothing of the kind. */
async function passTime() {
  const clock = `${settings.issuer.replace(/\/$/, "")}/_lobby/clock`;
  const answer = await fetch(clock, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ advance: "11m" }),
  });
  log(answer.ok ? "The mock's clock went on by 11 minutes" : `The clock did not move: ${answer.status}`, answer.ok ? "" : "bad");
}

async function start() {
  element("sign-out").onclick = () => session.end();
  element("reload").onclick = showBooks;
  element("pass-time").onclick = () => passTime().catch((error) => log(error.message, "bad"));
  setInterval(showTime, 1000);
  session = await Session.open(settings);
  api = new Api(settings.api, session, log);
  if (await session.finish(query)) log("Signed in", "good");
  await (session.signedIn ? showBooks() : showWelcome());
}

start().catch((error) => {
  if (error instanceof Refused) {
    const text = error.code === "access_denied" ? "You came back without signing in." : `Signing in did not work: ${error.message}.`;
    show("Not signed in", make("p", { role: "alert", textContent: text }), button("Sign in", () => session.begin(settings.scope.split(" ")), "main"));
  } else {
    show("The bookshop is closed", make("p", { role: "alert", textContent: `${settings.issuer} cannot be used: ${error.message}.` }));
  }
});
