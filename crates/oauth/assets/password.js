// Says how hard a password is to guess while it is typed; the page works without.
"use strict";
(() => {
  const PAUSE = 400;
  // What is sent: never the password that there is.
  const SENT = ["request", "token", "username", "name", "email", "new"];

  const watch = (form) => {
    const field = form.elements.new;
    const meter = form.querySelector("meter");
    const told = form.querySelector("[role=status]");
    let timer = 0;
    let asking = null;

    const show = (answer) => {
      meter.hidden = !answer;
      meter.value = answer ? answer.score : 0;
      const text = answer ? answer.told.join(" ") : "";
      // Only what is new is read aloud.
      if (told.textContent !== text) told.textContent = text;
    };

    const ask = async () => {
      if (!field.value) return show(null);
      const mine = (asking = new AbortController());
      const body = new URLSearchParams();
      for (const name of SENT) {
        if (form.elements[name]) body.set(name, form.elements[name].value);
      }
      try {
        const answer = await fetch(form.dataset.strength, { method: "POST", body, signal: mine.signal, redirect: "error" });
        const said = answer.ok ? await answer.json() : null;
        if (mine === asking) show(said);
      } catch {
        // No answer, or no longer wanted: nothing is said, and the form says it all when it is sent.
        if (mine === asking) show(null);
      }
    };

    field.addEventListener("input", () => {
      clearTimeout(timer);
      if (asking) asking.abort();
      asking = null;
      timer = setTimeout(ask, PAUSE);
    });
  };

  document.querySelectorAll("form[data-strength]").forEach(watch);
})();
