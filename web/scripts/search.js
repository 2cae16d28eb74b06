// Search as one types: hides the rows whose name does not match. Without it the form asks the server.

const input = document.querySelector("input[type=search]");
const fold = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();

function filter() {
  const wanted = fold(input.value.trim());
  let shown = 0;
  for (const row of document.querySelectorAll(".row[data-name]")) {
    row.hidden = !fold(row.dataset.name).includes(wanted);
    if (!row.hidden) shown += 1;
  }
  const none = document.querySelector("[data-none]");
  if (none) none.hidden = shown > 0;
}

input?.addEventListener("input", filter);
document.addEventListener("part", filter);
