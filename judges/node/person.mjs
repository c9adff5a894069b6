// Somebody in front of a browser without JavaScript: follows redirects, keeps cookies, presses buttons.

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function plain(text) {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name) => {
    if (/^#x/i.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith("#")) return String.fromCodePoint(Number(name.slice(1)));
    return ENTITIES[name] ?? whole;
  });
}

function attributes(tag) {
  const found = {};
  for (const [, name, quoted, bare] of tag.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s">]+)))?/g)) {
    found[name.toLowerCase()] = plain(quoted ?? bare ?? "");
  }
  return found;
}

function forms(html) {
  return [...html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, inside]) => ({
    action: attributes(head).action ?? "",
    fields: [...inside.matchAll(/<input([^>]*)>/gi)].map(([, tag]) => attributes(tag)),
    buttons: [...inside.matchAll(/<button([^>]*)>/gi)].map(([, tag]) => attributes(tag)),
  }));
}

export class Person {
  #cookies = new Map();

  constructor(persona = "alice") {
    this.persona = persona;
  }

  /// Opens `start` and does what the pages ask, until they lead away (gives that URL) or ask no more (nothing).
  async visit(start) {
    let at = new URL(start);
    const home = at.origin;
    let response = await this.#ask(at);
    for (let step = 0; step < 20; step += 1) {
      if (response.status >= 300 && response.status < 400) {
        at = new URL(response.headers.get("location"), at);
        await response.body?.cancel();
        if (at.origin !== home) return at;
        response = await this.#ask(at);
        continue;
      }
      const html = await response.text();
      if (!response.ok) throw new Error(`${at}: ${response.status}\n${html}`);
      const press = this.#choose(forms(html));
      if (!press) return undefined;
      at = new URL(press.action, at);
      response = await this.#ask(at, new URLSearchParams(press.values));
    }
    throw new Error(`the pages lead in a circle at ${at}`);
  }

  /// The first button that leads on: my name, then consent, then a form that knows all it asks for.
  #choose(all) {
    const wanted = [
      (button) => button.name === "persona" && button.value === this.persona,
      (button) => button.name === "decision" && button.value === "allow",
      (button) => !button.name,
    ];
    for (const fits of wanted) {
      for (const form of all) {
        const button = form.buttons.find(fits);
        const known = form.fields.every((field) => field.value || !("required" in field));
        if (!button || (!button.name && !known)) continue;
        const values = form.fields.filter((field) => field.name).map((field) => [field.name, field.value ?? ""]);
        if (button.name) values.push([button.name, button.value ?? ""]);
        return { action: form.action, values };
      }
    }
    return undefined;
  }

  async #ask(url, body) {
    const headers = { accept: "text/html" };
    if (this.#cookies.size > 0) {
      headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    }
    if (body) headers.origin = url.origin;
    const method = body ? "POST" : "GET";
    const response = await fetch(url, { method, body, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";", 1)[0].split(/=(.*)/s);
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.#cookies.delete(name.trim());
      else this.#cookies.set(name.trim(), value);
    }
    return response;
  }
}
