// Counting on a phone: the large buttons change the number at once, without asking the service.

const form = document.querySelector("[data-tally]");
const people = form.querySelector("[name=people]");

form.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]")?.dataset.step;
  if (!step) return;
  event.preventDefault();
  people.value = Math.max(0, (Number.parseInt(people.value, 10) || 0) + Number(step));
});
