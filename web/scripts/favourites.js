// Favourites without an account: kept in this browser only, shown first.

const KEY = "parvis-favourites";
const list = document.querySelector("[data-favourites]");
const others = document.querySelector("[data-rows]");
const texts = document.documentElement.dataset;
const order = [...document.querySelectorAll(".row[data-slug]")].map((row) => row.dataset.slug);

function read() {
  try {
    const known = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(known) ? known : [];
  } catch {
    return [];
  }
}

function write(slugs) {
  try {
    localStorage.setItem(KEY, JSON.stringify(slugs));
  } catch {
    // Private windows may refuse; the star then lasts as long as the page.
  }
}

let favourites = read();

function star(holder) {
  const slug = holder.dataset.slug;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "star";
  button.setAttribute("aria-pressed", favourites.includes(slug));
  button.setAttribute("aria-label", `${texts.favourite} ${holder.dataset.name}`);
  button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z"/></svg>';
  button.addEventListener("click", () => {
    favourites = favourites.includes(slug) ? favourites.filter((known) => known !== slug) : [...favourites, slug];
    write(favourites);
    button.setAttribute("aria-pressed", favourites.includes(slug));
    sort();
    button.focus();
  });
  holder.append(button);
}

// Each row where it belongs, in the order in which the page came.
function sort() {
  if (!list || !others) return;
  for (const slug of order) {
    const row = document.getElementById(`row-${slug}`);
    if (row) (favourites.includes(slug) ? list : others).append(row);
  }
  list.closest("section").hidden = !list.children.length;
}

document.querySelectorAll("[data-slug]").forEach(star);
document.addEventListener("part", (event) => {
  if (event.detail.dataset.slug) star(event.detail);
});
if (favourites.length) sort();
