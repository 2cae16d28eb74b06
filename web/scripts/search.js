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
  document.querySelector("[data-none]").hidden = shown > 0;
}

// A page that answers a search holds the matches only: another search is the server's again.
if (!input.defaultValue) {
  input.addEventListener("input", filter);
  document.addEventListener("part", filter);
  // Everything is found already; what is left to do is to put the keyboard of a phone away.
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
    input.blur();
  });
  // A browser that restores the page restores the words too.
  filter();
}
