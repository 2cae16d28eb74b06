// Passkeys: a button begins, the device answers, and the form that the button belongs to carries the answer.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// What the service says, with bytes where the browser wants them.
function wish(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const known of list ?? []) known.id = bytes(known.id);
  }
  return options;
}

// What the device says, with text where the service wants it.
function answer(credential) {
  const { response } = credential;
  const told = { clientDataJSON: text(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) told[part] = text(response[part]);
  }
  if (response.getTransports) told.transports = response.getTransports();
  return {
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response: told,
    extensions: credential.getClientExtensionResults(),
  };
}

async function ask(form) {
  const { token, answer: field } = form.elements;
  const begun = await fetch(form.dataset.begin, { method: "POST", body: new URLSearchParams({ token: token.value }) });
  if (!begun.ok) throw new Error(`${begun.status}`);
  const publicKey = wish((await begun.json()).publicKey);
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  field.value = JSON.stringify(answer(credential));
  form.submit();
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      const alarm = form.querySelector("[role=alert]");
      button.disabled = true;
      alarm.textContent = "";
      ask(form).catch(() => {
        alarm.textContent = form.dataset.failed;
        button.disabled = false;
      });
    });
  }
}
