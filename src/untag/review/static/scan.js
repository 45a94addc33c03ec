// The scan as it goes: how far it is, what it has found, and how to pause it.

import { post, say } from "./base.js";
import { once, redraw, watch } from "./first.js";

const EVERY = 1;
const FOUND_EVERY = 4;

function ready() {
  const page = document.getElementById("scan");
  for (const id of ["start", "pause"]) {
    const button = document.getElementById(id);
    if (button) once(button, async () => {
      await post(button.dataset.url);
      await again();
    });
  }
  for (const button of document.querySelectorAll(".called")) {
    once(button, async () => {
      await post(button.dataset.url, { name: button.dataset.name });
      button.closest("p").remove();
      say(`Noted: ${button.dataset.name} is you.`);
    });
  }
  follow(page, page.dataset.phase, Number(page.dataset.version));
}

async function again() {
  await redraw();
  ready();
}

function follow(page, phase, version) {
  const started = { at: performance.now(), done: null };
  let rounds = 0;
  // A scan that somebody starts elsewhere, or in another tab, is noticed here as well, but not at once.
  const runs = phase === "running" || phase === "elsewhere";
  const pace = runs ? EVERY : FOUND_EVERY;
  watch(page.dataset.state, async (state) => {
    if (!page.isConnected) return false;
    // A scan may have begun and ended between two looks: only the version tells.
    if (state.phase !== phase || (!runs && state.version !== version)) {
      await again();
      return false;
    }
    show(state, started);
    if (runs) {
      rounds += 1;
      if (rounds % FOUND_EVERY === 0) await found(page.dataset.found);
    }
    return true;
  }, pace);
}

function show(state, started) {
  const far = state.elsewhere ?? { photos: state.done, findings: state.findings };
  set("done", far.photos);
  set("findings", far.findings);
  if (state.total === null) return;
  set("total", state.total);
  const bar = document.getElementById("bar");
  if (bar) {
    bar.max = Math.max(state.total, 1);
    bar.value = state.done;
  }
  started.done ??= state.done;
  const seconds = (performance.now() - started.at) / 1000;
  const seen = state.done - started.done;
  const speed = seen / seconds;
  // The first photos come late and together: they say nothing of the others.
  if (seconds > 10 && seen > 30) set("left", `About ${duration((state.total - state.done) / speed)} left.`);
}

function duration(seconds) {
  if (seconds < 90) return "a minute";
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds / 3600)} hours`;
}

function set(id, value) {
  const place = document.getElementById(id);
  if (place && place.textContent !== String(value)) place.textContent = value;
}

/** New findings come in without the pictures that are there being loaded again. */
async function found(url) {
  let text;
  try {
    text = await (await fetch(url)).text();
  } catch {
    return;
  }
  const list = new DOMParser().parseFromString(text, "text/html").querySelector("ul");
  const shown = document.querySelector("#found ul");
  if (!list || !shown) return;
  const there = new Map([...shown.children].map((item) => [item.dataset.id, item]));
  shown.replaceChildren(...[...list.children].map((item) => there.get(item.dataset.id) ?? item));
  document.getElementById("found-part").hidden = shown.childElementCount === 0;
}

ready();
