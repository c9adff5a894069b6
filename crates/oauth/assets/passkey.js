// Asks the browser for passkeys and tells its authenticators which there are; everything else works without.
"use strict";
(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const read = (form) => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    if (options.allowCredentials) options.allowCredentials = named(options.allowCredentials);
    if (options.excludeCredentials) options.excludeCredentials = named(options.excludeCredentials);
    return options;
  };

  const write = (credential) => {
    const from = credential.response;
    const response = { clientDataJSON: text(from.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (from[part]) response[part] = text(from[part]);
    }
    if (from.getTransports) response.transports = from.getTransports();
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    });
  };

  let waiting = null;
  const ask = async (form, mediation) => {
    if (waiting) waiting.abort();
    const mine = (waiting = new AbortController());
    const kind = form.dataset.passkey;
    const request = { publicKey: read(form), signal: mine.signal };
    if (mediation) request.mediation = mediation;
    try {
      const credential = await navigator.credentials[kind](request);
      if (!credential) return;
      form.elements.credential.value = write(credential);
      form.submit();
    } catch (error) {
      // Cancelled, or out of time: nothing is wrong. A question that lay in the field waits no longer.
      if (mine !== waiting || mediation) return;
      const line = form.querySelector("[role=status]");
      if (error.name === "InvalidStateError") line.textContent = line.dataset.there || line.textContent;
      line.hidden = false;
    }
  };

  const signal = (element) => {
    const told = JSON.parse(element.dataset.told);
    const name = element.dataset.signal === "all" ? "signalAllAcceptedCredentials" : "signalUnknownCredential";
    if (PublicKeyCredential[name]) PublicKeyCredential[name](told).catch(() => {});
  };

  const codes = (bar) => {
    const list = document.getElementById(bar.dataset.codes);
    const all = () => Array.from(list.querySelectorAll("code"), (code) => code.textContent).join("\n");
    const does = {
      copy: () => navigator.clipboard && navigator.clipboard.writeText(all()),
      print: () => print(),
      download: () => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([all(), "\n"], { type: "text/plain" }));
        link.download = "recovery-codes.txt";
        link.click();
        URL.revokeObjectURL(link.href);
      },
    };
    bar.addEventListener("click", (event) => {
      const run = does[event.target.dataset.does];
      if (run) run();
    });
    bar.hidden = false;
  };

  document.querySelectorAll("[data-codes]").forEach(codes);
  // An address (127.0.0.1) is no place for passkeys: browsers refuse it.
  const is_place = window.PublicKeyCredential && isSecureContext && !/^[\d.]+$|^\[/.test(location.hostname);
  if (!is_place) return;
  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.hidden = false;
    form.querySelector("button").addEventListener("click", () => ask(form));
  });
  document.querySelectorAll("[data-signal]").forEach(signal);
  const field = document.querySelector("input[autocomplete~=webauthn]");
  const offered = document.querySelector("form[data-passkey=get]");
  if (field && offered && PublicKeyCredential.isConditionalMediationAvailable) {
    PublicKeyCredential.isConditionalMediationAvailable().then((yes) => yes && ask(offered, "conditional"));
  }
})();
