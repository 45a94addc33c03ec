// "Is this you?": one face at a time, answered with a key; the next one is there already.

import { get, onState, post, say, trying } from "./base.js";

const asked = document.getElementById("asked");
const answers = document.getElementById("answers");
const { next, decideUrl, undo: undoUrl } = asked.dataset;
const passed = new Set();
const done = [];
let now = null;
let busy = false;
let judged = null;

const SAID = { "is-me": "Yes, you.", "not-me": "Not you.", pass: "Skipped." };

function show(face) {
  now = face;
  asked.innerHTML = face?.html ?? "";
  answers.hidden = face === null && done.length === 0;
  for (const button of answers.querySelectorAll("[data-answer]:not([data-answer=undo])")) button.disabled = face === null;
  document.getElementById("nothing").hidden = face !== null;
}

async function load() {
  const query = new URLSearchParams([...passed].map((id) => ["passed", id]));
  const answer = await trying(() => get(`${next}?${query}`));
  if (answer === null) return;
  show(answer.faces[0] ?? null);
  // The picture after this one is fetched meanwhile.
  const ahead = answer.faces[1];
  if (ahead !== undefined) {
    const box = document.createElement("template");
    box.innerHTML = ahead.html;
    new Image().src = box.content.querySelector("image").getAttribute("href");
  }
}

async function answer(kind) {
  if (busy) return;
  busy = true;
  try {
    await take(kind);
  } finally {
    busy = false;
  }
}

async function take(kind) {
  if (kind === "undo") {
    const last = done.pop();
    if (last === undefined) return say("There is nothing to take back.");
    if (last.kind !== "pass" && await trying(() => post(undoUrl, { ids: last.face.ids })) === null) {
      done.push(last);
      return undefined;
    }
    passed.delete(last.face.id);
    show(last.face);
    return say("Taken back.");
  }
  if (now === null) return undefined;
  const face = now;
  if (kind !== "pass" && await trying(() => post(decideUrl, { ids: face.ids, status: kind })) === null) return undefined;
  done.push({ face, kind });
  // One that was just answered may be asked about still while it is judged again.
  passed.add(face.id);
  say(SAID[kind]);
  return load();
}

const KEYS = { y: "is-me", i: "is-me", n: "not-me", s: "pass", z: "undo", ArrowRight: "pass" };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const kind = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (kind === undefined) return;
  event.preventDefault();
  answer(kind);
});
answers.addEventListener("click", (event) => {
  const kind = event.target.closest("[data-answer]")?.dataset.answer;
  if (kind !== undefined) answer(kind);
});
onState((state) => {
  const { times, busy: judging, trouble } = state.learning;
  const line = document.getElementById("learning");
  line.textContent = trouble !== null ? `What you said is saved, but judging again failed: ${trouble}`
    : judging ? "Your photos are being judged again …" : times > 0 ? "Your photos were judged again with what you said." : "";
  // Faces that were unsure may be sure now, and the other way round.
  if (judged !== null && times > judged && now === null) load();
  judged = times;
});
load();
