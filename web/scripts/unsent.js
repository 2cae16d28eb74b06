// What was typed is not lost when the sign-in ended meanwhile: it waits in this tab, for its writer alone, until they have
// signed in again and are back at the form. Passwords and files do not wait.

const KEY = "unsent";
const LEFT_OUT = ["hidden", "password", "file", "submit"];

const here = location.pathname + location.search;
const writer = document.querySelector("aside[aria-label]")?.getAttribute("aria-label");
const typed = (form) => [...form.elements].filter((one) => one.name && !LEFT_OUT.includes(one.type));

function restore({ form, values }) {
  const fields = typed(document.forms[form]);
  if (fields.length !== values.length) return;
  fields.forEach((field, number) => {
    const { name, value, checked } = values[number];
    if (field.name === name) Object.assign(field, checked === undefined ? { value } : { checked });
  });
}

const unsent = JSON.parse(sessionStorage.getItem(KEY));
const signedOut = document.querySelector("[data-signed-out]");
if (signedOut) {
  if (unsent) sessionStorage.setItem(KEY, JSON.stringify({ ...unsent, waits: true }));
  signedOut.hidden = !unsent;
} else {
  sessionStorage.removeItem(KEY);
  if (unsent?.waits && unsent.here === here && unsent.writer === writer) restore(unsent);
}

document.addEventListener("submit", ({ target }) => {
  if (target.method !== "post") return;
  const values = typed(target).map(({ name, value, type, checked }) => (type === "checkbox" ? { name, checked } : { name, value }));
  sessionStorage.setItem(KEY, JSON.stringify({ here, writer, form: [...document.forms].indexOf(target), values }));
});
