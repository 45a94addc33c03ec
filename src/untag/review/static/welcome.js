// Where are your photos: places are added, completed, described and taken away.

import { get, post } from "./base.js";
import { counted, element, once, trouble } from "./first.js";

const page = document.querySelector(".first");
const urls = page.dataset;
const input = document.getElementById("path");
const list = document.getElementById("completions");
const places = document.getElementById("places");
let offers = [];

async function change(asked) {
  trouble({ message: "" });
  const { paths } = await post(urls.places, asked);
  draw(paths);
}

function draw(paths) {
  for (const item of [...places.children]) if (!paths.includes(item.dataset.path)) item.remove();
  const there = [...places.children].map((item) => item.dataset.path);
  for (const path of paths) if (!there.includes(path)) places.append(element("li", "", { "data-path": path }));
  [...places.children].forEach(fill);
  document.getElementById("none").hidden = paths.length > 0;
  const next = document.getElementById("next");
  next.classList.toggle("off", paths.length === 0);
  next.toggleAttribute("aria-disabled", paths.length === 0);
  if (paths.length === 0) next.setAttribute("aria-disabled", "true");
  drawOffers();
}

/** What a place is called, a button that takes it away, and what its archive says of it. */
function fill(item, number) {
  item.dataset.number = number;
  if (item.childElementCount) return;
  const remove = element("button", "Remove", { type: "button", "aria-label": `Remove ${item.dataset.path}` });
  once(remove, async () => {
    await change({ remove: [item.dataset.path] });
    (places.querySelector("button") ?? input).focus();
  });
  const what = element("div", "Looking into it …", { class: "what", role: "status" });
  item.append(element("span", item.dataset.path), remove, what);
  describe(item, what);
}

async function describe(item, what) {
  try {
    let said = await get(urls.about.replace(/0$/, item.dataset.number));
    // One place is looked into at a time, and another tab may have changed the list.
    while (said.busy || said.path !== item.dataset.path) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (!item.isConnected) return;
      said = await get(urls.about.replace(/0$/, item.dataset.number));
    }
    what.textContent = said.archives.length ? "" : "There are no photos in it.";
    what.append(...said.archives.map((archive) => element("span", sentence(archive), { class: "line" })));
    if (said.unread) {
      const part = element("details", "", { class: "what" });
      part.append(element("summary", `${counted(said.unread, "thing")} in it cannot be read`));
      part.append(...said.unreadable.map((error) => element("p", `${error.path}: ${error.error}`)));
      item.append(part);
    }
  } catch (error) {
    what.textContent = error.message;
  }
}

function sentence(archive) {
  const parts = [counted(archive.photos, "photo")];
  if (archive.absent) parts.push(`${archive.absent} more named without a file`);
  if (archive.linked) parts.push(`${archive.linked} with a link`);
  if (archive.first) parts.push(archive.first === archive.last ? `of ${archive.first}` : `from ${archive.first} to ${archive.last}`);
  const kind = archive.source === "folder" ? "Photos" : `A download of ${archive.source.replaceAll("_", " ")}`;
  const owner = archive.owner.length ? `, the account of ${archive.owner[0]}` : "";
  return `${kind}${owner}: ${parts.join(", ")}.`;
}

function drawOffers() {
  const named = [...places.children].map((item) => item.dataset.path);
  const left = offers.filter((offer) => !offer.paths.every((path) => named.includes(path)));
  document.getElementById("offers").replaceChildren(...left.map(offered));
  return left.length;
}

function offered(offer) {
  const item = element("li");
  const more = offer.paths.length > 1 ? ` and ${offer.paths.length - 1} more of the same download` : "";
  const add = element("button", "Add", { type: "button", "aria-label": `Add ${offer.name}` });
  once(add, () => change({ add: offer.paths }));
  const kind = offer.source ? `A download of ${offer.source.replaceAll("_", " ")}` : offer.photos === null ? "A compressed archive" : "A folder or archive with photos";
  const photos = offer.photos === null ? "" : `, ${counted(offer.photos, "photo")} at least`;
  item.append(element("span", `${offer.paths[0]}${more}`), add, element("p", `${kind}${photos}.`, { class: "what" }));
  return item;
}

async function offer() {
  const looking = document.getElementById("looking");
  try {
    offers = (await get(urls.offered)).places;
    looking.textContent = drawOffers() ? "" : "Nothing more was found in your downloads and pictures.";
    looking.hidden = looking.textContent === "";
  } catch (error) {
    looking.textContent = error.message;
  }
}

// Completion: a combobox as the ARIA practices describe it.
let asked = 0;
let chosen = -1;

function close() {
  list.hidden = true;
  chosen = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

async function complete() {
  const mine = ++asked;
  const typed = input.value;
  if (!typed) return close();
  try {
    const found = await get(`${urls.complete}?path=${encodeURIComponent(typed)}`);
    if (mine !== asked || input.value !== typed) return;
    list.replaceChildren(...found.paths.map((path, at) => element("li", path, { role: "option", id: `path-${at}`, "aria-selected": "false" })));
    list.hidden = found.paths.length === 0;
    chosen = -1;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  } catch {
    close();
  }
}

function choose(at) {
  const options = [...list.children];
  if (!options.length) return;
  chosen = (at + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
  options[chosen].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", options[chosen].id);
}

function take(option) {
  input.value = option.textContent;
  close();
  input.focus();
  complete();
}

input.addEventListener("input", complete);
input.addEventListener("blur", () => setTimeout(close, 150));
list.addEventListener("mousedown", (event) => {
  event.preventDefault();
  if (event.target.role === "option" || event.target.getAttribute("role") === "option") take(event.target);
});
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" && !list.hidden) choose(chosen + 1);
  else if (event.key === "ArrowUp" && !list.hidden) choose(chosen - 1);
  else if (event.key === "Escape" && !list.hidden) close();
  else if (event.key === "Enter" && chosen >= 0 && !list.hidden) take(list.children[chosen]);
  else if (event.key === "Tab" && !event.shiftKey && !list.hidden && (chosen >= 0 || list.children.length === 1)) take(list.children[Math.max(0, chosen)]);
  else return;
  event.preventDefault();
});
input.addEventListener("drop", (event) => {
  const text = event.dataTransfer.getData("text/uri-list").split("\n")[0] || event.dataTransfer.getData("text/plain");
  if (!text) return;
  event.preventDefault();
  input.value = text.trim();
});

document.getElementById("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const typed = input.value.trim();
  if (!typed) return;
  try {
    await change({ add: [typed] });
    input.value = "";
    close();
  } catch (error) {
    trouble(error);
  }
  input.focus();
});
document.getElementById("next").addEventListener("click", (event) => {
  if (event.currentTarget.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    trouble({ message: "Name a folder or an archive first." });
    input.focus();
  }
});

[...places.children].forEach(fill);
offer();
