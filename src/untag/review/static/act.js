// The checklist: each answer is saved at once, and the page then shows the next step.

import { post, say, trying } from "./base.js";

/** Shows the page anew where the user was: at the same photo, or the one that took its place. */
function again(id) {
  if (id !== undefined) sessionStorage.setItem("at", id);
  sessionStorage.setItem("y", String(scrollY));
  location.reload();
}

const groups = document.getElementById("groups");
groups?.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-answer]");
  if (button === null) return;
  const photo = button.closest(".step");
  const { id, place, step } = photo.dataset;
  const all = photo.querySelector(".all")?.checked ?? false;
  const law = photo.querySelector(".law")?.value ?? null;
  const saved = await trying(() => post(groups.dataset.url, { id, place, step, answer: button.dataset.answer, all, law }));
  if (saved !== null) again(id);
});

const requests = document.getElementById("requests");
requests?.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-event]");
  if (button === null) return;
  const { request } = button.closest(".request").dataset;
  if (await trying(() => post(requests.dataset.url, { request, event: button.dataset.event })) !== null) again();
});

document.getElementById("undo")?.addEventListener("click", async (event) => {
  const undone = await trying(() => post(event.target.dataset.url));
  if (undone === null) return;
  if (undone.count === 0) say("There is nothing to take back.");
  else again();
});

document.getElementById("print")?.addEventListener("click", () => print());

const at = sessionStorage.getItem("at");
const y = sessionStorage.getItem("y");
sessionStorage.removeItem("at");
sessionStorage.removeItem("y");
if (y !== null) {
  scrollTo(0, Number(y));
  const photo = at === null ? null : document.querySelector(`.step[data-id="${CSS.escape(at)}"]`);
  photo?.querySelector("a, button")?.focus({ preventScroll: true });
  say("Saved.");
}
