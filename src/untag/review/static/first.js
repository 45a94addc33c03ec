// What the pages of the first visit share: a page that is drawn anew without losing where one is, and trouble in words.

import { get } from "./base.js";

/** Shows why something did not work, and has screen readers say it. */
export function trouble(error) {
  const line = document.getElementById("trouble");
  line.textContent = error.message;
  if (line.textContent) line.scrollIntoView({ block: "nearest" });
}

/** Fetches the page again and draws its main part; the focus goes to its heading. */
export async function redraw() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
  document.querySelector("#main h1").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** Does something once at a time: further clicks do nothing until it has ended. */
export function once(button, work) {
  let busy = false;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    button.setAttribute("aria-busy", "true");
    try {
      trouble({ message: "" });
      await work();
    } catch (error) {
      trouble(error);
    }
    button.removeAttribute("aria-busy");
    busy = false;
  });
}

/** Asks for a state again and again while `seen` says so; quietly where the server does not answer. */
export async function watch(url, seen, seconds) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    if (document.hidden) continue;
    let state;
    try {
      state = await get(url);
    } catch {
      continue;
    }
    if (!(await seen(state))) return;
  }
}

export const counted = (number, one) => `${number} ${number === 1 ? one : `${one}s`}`;

/** An element with text and attributes. */
export function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
