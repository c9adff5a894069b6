"""Somebody in front of a browser without JavaScript: follows redirects, keeps cookies, presses buttons."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests


class Forms(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.all = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.all.append({"action": attributes.get("action", ""), "input": [], "button": []})
        elif tag in ("input", "button") and self.all:
            self.all[-1][tag].append(attributes)


class Person:
    def __init__(self, persona="alice"):
        self.persona = persona
        self.session = requests.Session()

    def visit(self, at):
        """Does what the pages ask, until they lead away (gives that URL) or ask no more (nothing)."""
        home = urlsplit(at).netloc
        answer = self.session.get(at, allow_redirects=False, timeout=10)
        for _ in range(20):
            if answer.is_redirect:
                at = urljoin(at, answer.headers["Location"])
                if urlsplit(at).netloc != home:
                    return at
                answer = self.session.get(at, allow_redirects=False, timeout=10)
                continue
            assert answer.ok, f"{at}: {answer.status_code}\n{answer.text}"
            press = self._choose(Forms(answer.text).all)
            if press is None:
                return None
            at = urljoin(at, press["action"])
            origin = {"Origin": "http://" + home}
            answer = self.session.post(at, data=press["values"], headers=origin, allow_redirects=False, timeout=10)
        raise AssertionError(f"the pages lead in a circle at {at}")

    def _choose(self, forms):
        """The first button that leads on: my name, then consent, then a form that knows all it asks for."""
        wanted = [
            lambda button: button.get("name") == "persona" and button.get("value") == self.persona,
            lambda button: button.get("name") == "decision" and button.get("value") == "allow",
            lambda button: not button.get("name"),
        ]
        for fits in wanted:
            for form in forms:
                button = next(filter(fits, form["button"]), None)
                known = all(field.get("value") or "required" not in field for field in form["input"])
                if button is None or (not button.get("name") and not known):
                    continue
                values = {field["name"]: field.get("value") or "" for field in form["input"] if "name" in field}
                if button.get("name"):
                    values[button["name"]] = button.get("value", "")
                return {"action": form["action"], "values": values}
        return None
