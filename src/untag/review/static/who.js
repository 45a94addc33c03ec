// Which of these is you: the look, the choice, and pictures of one's own.

import { post, say, upload } from "./base.js";
import { counted, element, once, redraw, trouble, watch } from "./first.js";

const MOST_BYTES = 24 << 20;

function ready() {
  const page = document.getElementById("who");
  wire("look", async (button) => {
    await post(button.dataset.url, { seed: Number(button.dataset.seed) });
    await again();
  });
  wire("enough", async (button) => {
    button.disabled = true;
    await post(button.dataset.url);
  });
  wire("over", async (button) => {
    await post(button.dataset.url);
    await again();
  });
  if (document.getElementById("choose")) wireChoice();
  wirePictures();
  if (page.dataset.doing === "looking") {
    watch(page.dataset.state, async (state) => {
      document.getElementById("done").textContent = counted(state.done, "photo");
      if (state.doing === "looking") return true;
      await again();
      return false;
    }, 0.7);
  }
}

async function again() {
  await redraw();
  ready();
}

function wire(id, work) {
  const button = document.getElementById(id);
  if (button) once(button, () => work(button));
}

function wireChoice() {
  const form = document.getElementById("choose");
  const button = document.getElementById("me");
  const chosen = () => [...form.querySelectorAll("input:checked")].map((box) => Number(box.value));
  const count = () => {
    const number = chosen().length;
    button.disabled = number === 0;
    button.textContent = number > 1 ? `These ${number} are all me` : "This is me";
    document.getElementById("chosen").textContent =
      number === 0 ? "Nobody is chosen yet." : number === 1 ? "1 is chosen." : `${number} are chosen: untag looks for all of them.`;
    document.getElementById("doubts").hidden = true;
  };
  const send = async (sure) => {
    const told = await post(form.dataset.url, { shown: Number(form.dataset.shown), groups: chosen(), sure });
    await enrolled(told, document.getElementById("doubts"), () => send(true));
  };
  form.addEventListener("change", count);
  form.addEventListener("submit", (event) => event.preventDefault());
  once(button, () => send(false));
  count();
}

/** Goes on after an enrolment, or asks about its doubts first. */
async function enrolled(told, place, goOn) {
  if (told.declined) {
    place.hidden = false;
    const yes = element("button", "Yes, all of them are me", { type: "button", class: "primary" });
    const no = element("button", "No, let me choose again", { type: "button" });
    place.replaceChildren(element("p", `Are you sure? ${told.doubts.join("; ")}.`), row(yes, no));
    once(yes, goOn);
    no.addEventListener("click", () => { place.hidden = true; });
    yes.focus();
    return;
  }
  await again();
  if (told.used) say(`untag knows your face now, from ${counted(told.used, "picture")}.`);
}

function row(...inside) {
  const made = element("p", "", { class: "row" });
  made.append(...inside);
  return made;
}

function wirePictures() {
  const drop = document.getElementById("drop");
  const files = document.getElementById("files");
  files.addEventListener("change", () => take([...files.files]));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
}

async function take(chosen) {
  const { picture, pictures } = document.getElementById("drop").dataset;
  const sent = document.getElementById("sent");
  if (!chosen.length) return;
  trouble({ message: "" });
  try {
    for (const [at, file] of chosen.entries()) {
      sent.textContent = `Reading picture ${at + 1} of ${chosen.length} …`;
      if (file.size > MOST_BYTES) throw new Error(`${file.name} is larger than ${MOST_BYTES >> 20} MB. Choose a smaller copy of it.`);
      await upload(`${picture}?name=${encodeURIComponent(file.name)}${at === 0 ? "&first=1" : ""}`, file);
    }
    sent.textContent = "Looking for your face …";
    await enrol(pictures, false);
  } catch (error) {
    sent.textContent = "";
    trouble(error);
  }
}

async function enrol(url, sure) {
  const told = await post(url, { sure });
  document.getElementById("sent").textContent = "";
  const refused = told.refused.map((one) => element("li", `${one.path} is not used: ${one.note}`));
  if (!told.used && !told.declined) {
    document.getElementById("refused").replaceChildren(...refused);
    trouble({ message: "None of these pictures can be used." });
    return;
  }
  await enrolled(told, document.getElementById("own-doubts"), () => enrol(url, true));
  document.getElementById("refused").replaceChildren(...refused);
}

ready();
