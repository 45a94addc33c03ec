// One photo large: the person's face framed, the thing circled, and all that is known of it beside.

import { Trouble, say } from "./base.js";
import { beside, words } from "./grid.js";

const dialog = document.getElementById("large");
const figure = document.getElementById("picture");
const panel = document.getElementById("panel");
const NS = "http://www.w3.org/2000/svg";

/** Pictures and words that were fetched ahead, by id: the next photo is there at once. */
const ahead = new Map();
const KEPT = 6;
let shown = null;

export const isOpen = () => dialog.open;
export const card = () => shown;

async function text(url) {
  const answer = await fetch(url).catch(() => null);
  if (answer === null) throw new Trouble("untag review has stopped.", true);
  if (!answer.ok) throw new Trouble("This photo cannot be shown now.");
  return answer.text();
}

function picture(url) {
  if (url === undefined) return null;
  const image = new Image();
  image.decoding = "async";
  image.src = url;
  return image;
}

function fetched(next) {
  const { id } = next.dataset;
  if (!ahead.has(id)) {
    const button = next.querySelector(".open");
    ahead.set(id, { words: text(button.dataset.url), image: picture(button.dataset.large) });
    ahead.get(id).words.catch(() => ahead.delete(id));
    while (ahead.size > KEPT) ahead.delete(ahead.keys().next().value);
  }
  return ahead.get(id);
}

/** Forgets what was fetched of a photo, since something about it changed. */
export const changed = (id) => { ahead.delete(id); };

export async function open(next) {
  if (next === null) return;
  shown = next;
  if (!dialog.open) dialog.showModal();
  const { words: coming, image } = fetched(next);
  try {
    const html = await coming;
    if (shown !== next) return;
    panel.innerHTML = html;
    panel.scrollTop = 0;
    mark(next.dataset.status);
    draw(image, next);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    say(error.message);
  }
  for (const step of [1, 2]) {
    const following = step === 1 ? beside(next, 1) : beside(beside(next, 1), 1);
    if (following !== null) fetched(following);
  }
}

export function close() {
  shown = null;
  dialog.close();
}

/** Shows what was decided about the photo that is shown. */
export function mark(status) {
  const line = panel.querySelector(".state .decision");
  if (line !== null) line.textContent = words(status) || "Not decided yet";
  for (const button of panel.querySelectorAll("[data-decide]")) {
    button.setAttribute("aria-pressed", String(button.dataset.decide === status));
  }
}

function shape(name, attributes) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function draw(image, next) {
  const about = panel.querySelector(".about");
  figure.replaceChildren();
  if (image === null) {
    figure.append(note("There is no copy of this photo here."));
    return;
  }
  const width = Number(about.dataset.width) || 4;
  const height = Number(about.dataset.height) || 3;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", preserveAspectRatio: "xMidYMid meet" });
  const title = shape("title", {});
  title.textContent = next.querySelector("img")?.alt ?? "";
  svg.append(title, shape("image", { href: image.src, width, height }));
  for (const [left, top, right, bottom] of JSON.parse(about.dataset.faces)) {
    const box = { x: left, y: top, width: right - left, height: bottom - top, rx: (right - left) * 0.08 };
    svg.append(shape("rect", { ...box, class: "face under" }), shape("rect", { ...box, class: "face" }));
  }
  for (const [name, across, down] of JSON.parse(about.dataset.spots)) {
    const at = { cx: across * width, cy: down * height, r: Math.min(width, height) * 0.09 };
    const words = shape("text", { x: at.cx, y: at.cy - at.r * 1.2, "text-anchor": "middle", class: "mark-words", "font-size": Math.max(width, height) / 45 });
    words.textContent = name;
    svg.append(shape("circle", { ...at, class: "spot under" }), shape("circle", { ...at, class: "spot" }), words);
  }
  image.addEventListener("error", () => { if (shown === next) figure.replaceChildren(note("This photo cannot be read now. Is its disk or archive still where it was?")); });
  figure.append(svg);
}

function note(words) {
  const line = document.createElement("p");
  line.className = "none";
  line.textContent = words;
  return line;
}
