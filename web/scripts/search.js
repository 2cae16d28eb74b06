// Search as one types: hides the rows in which a word that was typed is not found. Without it the form asks the server.

const input = document.querySelector("input[type=search]");
const fold = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();

function filter() {
  const wanted = fold(input.value).split(/\s+/);
  let shown = 0;
  for (const row of document.querySelectorAll(".row[data-name]")) {
    const words = fold(row.dataset.words);
    row.hidden = !wanted.every((word) => words.includes(word));
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
