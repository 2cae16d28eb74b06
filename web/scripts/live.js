// Keeps a page's parts up to date: each event holds a part as HTML, which replaces the element of the same id.

const root = document.querySelector("[data-live]");
const notice = document.querySelector("[data-notice]");
const spoken = document.querySelector("[data-spoken-here]");
const SILENCE = 30_000;
const SPEAK_EVERY = 60_000;
// Times are the place's, wherever the reader is.
const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone: document.documentElement.dataset.zone,
});

let source;
let heardAt = Date.now();
let spokeAt = 0;

function show(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const part = holder.content.firstElementChild;
  const old = part && document.getElementById(part.id);
  if (!old) return;
  const focused = old.contains(document.activeElement) && document.activeElement.localName;
  old.replaceWith(part);
  part.classList.add("fresh");
  document.dispatchEvent(new CustomEvent("part", { detail: part }));
  // A part has one link and one button at most: whoever was on it stays on it.
  if (focused) part.querySelector(focused)?.focus();
  if (spoken && part.dataset.spoken && Date.now() - spokeAt > SPEAK_EVERY) {
    spokeAt = Date.now();
    spoken.textContent = part.dataset.spoken;
  }
}

function heard() {
  heardAt = Date.now();
  if (notice) notice.hidden = true;
}

function open() {
  source = new EventSource(root.dataset.live);
  source.addEventListener("open", heard);
  source.addEventListener("beat", heard);
  source.addEventListener("part", (event) => {
    heard();
    show(event.data);
  });
}

function close() {
  source?.close();
  source = undefined;
}

// A hidden tab need not hold a connection.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) close();
  else if (!source) open();
});
addEventListener("pagehide", close);
addEventListener("pageshow", () => { if (!source) open(); });

// The server says something every ten seconds; a connection that is silent for longer is dead, whatever it claims.
setInterval(() => {
  if (!source || Date.now() - heardAt < SILENCE) return;
  if (notice?.hidden) {
    notice.querySelector("[data-since]").textContent = clock.format(heardAt);
    notice.hidden = false;
  }
  close();
  open();
}, 5_000);

open();
