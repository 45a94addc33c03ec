// The photos as cards: which is the current one, which are selected, what was decided about each.

const grid = document.getElementById("grid");
const statuses = new Set(grid.dataset.statuses.split(" "));

const WORDS = {
  open: "", keep: "Kept", untag: "To untag", "request-removal": "To request removal", done: "Done", "not-me": "Not you", "is-me": "You",
};

export const words = (status) => WORDS[status] ?? status;
export const cards = () => [...grid.querySelectorAll(".card")];
export const idsOf = (card) => card.dataset.ids.split(" ");
export const cardOf = (id) => grid.querySelector(`.card[data-ids~="${CSS.escape(id)}"]`);
export const current = () => document.activeElement?.closest?.(".card") ?? grid.querySelector(".card[data-current]");

/** The card before or after another one, or the first; null at the end. */
export function beside(card, step) {
  const all = cards();
  const at = all.indexOf(card);
  return at === -1 ? all[0] ?? null : all[at + step] ?? null;
}

/** How many cards stand in a row. */
export function columns() {
  const all = cards();
  const below = all.findIndex((card) => card.offsetTop > all[0].offsetTop);
  return below === -1 ? Math.max(all.length, 1) : below;
}

/** One card only can be reached with Tab; the arrows lead to the others. */
export function makeCurrent(card, { focus = true } = {}) {
  if (card === null) return;
  for (const other of grid.querySelectorAll(".card[data-current]")) {
    if (other !== card) tabbable(other, false);
  }
  tabbable(card, true);
  if (focus) {
    card.querySelector(".open").focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
}

function tabbable(card, is) {
  card.toggleAttribute("data-current", is);
  card.querySelector(".open").tabIndex = is ? 0 : -1;
  card.querySelector(".pick input").tabIndex = is ? 0 : -1;
}

/** Brings cards that came in order: keys lead to them, and what was decided shows. */
export function settle() {
  for (const card of cards()) {
    tabbable(card, card.hasAttribute("data-current"));
    show(card, card.dataset.status);
  }
  if (grid.querySelector(".card[data-current]") === null) makeCurrent(cards()[0] ?? null, { focus: false });
}

/** Shows what was decided about a card. One that no longer fits the filters stays, so that it can be undone. */
export function show(card, status) {
  card.dataset.status = status;
  card.classList.toggle("decided", !(status === "open" || (statuses.has(status) && statuses.size < 7)) && status !== "is-me");
  card.querySelector(".decision").textContent = words(status);
}

/** How many of the cards the filters would still find: so many the next page comes after. */
export const fitting = () => cards().filter((card) => statuses.has(card.dataset.status)).length;

export const selected = () => cards().filter((card) => card.querySelector(".pick input").checked);

export function select(card, is) {
  card.querySelector(".pick input").checked = is;
}

/** Adds more cards; those that are here already are left out. */
export function add(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const here = new Set(cards().flatMap(idsOf));
  const fresh = [...box.content.querySelectorAll(".card")].filter((card) => !here.has(card.dataset.id));
  grid.append(...fresh);
  settle();
  return fresh.length;
}
