// What all pages share: asking the server for something, telling it something, and saying so when it has gone.

const STATE = document.body.dataset.state;
const EVERY = 4000;

/** A sentence for the user, which screen readers say as well; it goes after a while. */
export function say(words) {
  // What lies behind an open dialog is not seen and not read out.
  const line = document.querySelector("dialog[open] .said") ?? document.getElementById("said");
  line.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { line.textContent = ""; }, 8000);
}

/** Why a request came to nothing, in words. `gone`: the server did not answer at all. */
export class Trouble extends Error {
  constructor(words, gone = false) {
    super(words);
    this.gone = gone;
  }
}

function stopped(gone) {
  for (const line of document.querySelectorAll(".stopped")) {
    if (line.hidden !== gone) continue;
    line.hidden = !gone;
    line.textContent = gone
      ? "untag review has stopped, so nothing more is saved. Start it again in the terminal, and open the new address."
      : "";
  }
}

async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, { ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    stopped(true);
    throw new Trouble("untag review has stopped: this was not saved.", true);
  }
  stopped(false);
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Trouble(found.error ?? `The server answered with ${answer.status}.`);
  return found;
}

/** What the server answers to a question, as an object. Throws Trouble. */
export const get = (url) => ask(url, {});

/** Tells the server something, as JSON, and returns its answer. Throws Trouble. */
export const post = (url, data = {}) =>
  ask(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) });

/** Sends a file as it is. Throws Trouble. */
export const upload = (url, file) =>
  ask(url, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });

/** Runs something that asks the server; what goes wrong is said, and null comes back: nothing was done. */
export async function trying(what) {
  try {
    return await what();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    say(error.message);
    return null;
  }
}

/** Calls every function given with the server's state, now and then while the page is seen. */
const watching = [];
export const onState = (watcher) => { watching.push(watcher); };

/** What this page knows already: the server says what was decided since, in other tabs too. */
let mark = document.querySelector("[data-mark]")?.dataset.mark ?? "";

async function watch() {
  if (!document.hidden) {
    try {
      const state = await get(`${STATE}?since=${encodeURIComponent(mark)}`);
      mark = state.mark;
      for (const watcher of watching) watcher(state);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
    }
  }
  setTimeout(watch, EVERY);
}
setTimeout(watch, EVERY);
