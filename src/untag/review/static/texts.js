// The texts: filled in and written anew, each field copied with its button.

import { post, say, Trouble } from "./base.js";

const form = document.getElementById("fill");
const drafted = document.getElementById("drafted");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = Object.fromEntries(new FormData(form));
  for (const name of ["unknown_is_public", "remember"]) told[name] = form.elements[name].checked;
  try {
    drafted.innerHTML = (await post(form.dataset.url, told)).html;
    say("The texts are written below.");
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    say(error.message);
  }
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text.textContent);
    return true;
  } catch {
    // Where the browser does not let pages write to the clipboard, the text is selected for the user to copy.
    getSelection().selectAllChildren(text);
    return false;
  }
}

drafted.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (button === null) return;
  const label = button.parentElement.querySelector("strong").textContent;
  say(await copy(document.getElementById(button.dataset.copy)) ? `Copied: ${label}.` : "Selected: copy it with Ctrl+C.");
});
