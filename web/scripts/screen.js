// A screen in a hall: a clock in the place's time, whatever the network does.

const clock = document.querySelector("[data-clock]");
const format = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone: document.documentElement.dataset.zone,
});

function tick() {
  clock.textContent = format.format(new Date());
}

tick();
setInterval(tick, 1_000);
