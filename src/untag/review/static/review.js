// The review page: keys and buttons, decisions and taking them back, more photos as they are needed.

import { get, onState, post, say, trying } from "./base.js";
import * as grid from "./grid.js";
import * as large from "./large.js";

const list = document.getElementById("grid");
const { page, query, decideUrl, undo: undoUrl, count: countUrl, decideAll: decideAllUrl } = list.dataset;
const more = document.getElementById("more");
const together = document.getElementById("together");
const every = document.getElementById("every");
const help = document.getElementById("help");
const useKeys = document.getElementById("use-keys");
const done = [];
let hasMore = list.dataset.more === "true";
let loading = false;

const SAID = {
  keep: "Kept", untag: "Marked to untag", "request-removal": "Marked to ask for removal", "not-me": "Not you", "is-me": "You",
};

function apply(statuses) {
  for (const [id, status] of Object.entries(statuses)) {
    const card = grid.cardOf(id);
    if (card === null) continue;
    grid.show(card, status);
    large.changed(card.dataset.id);
    if (large.card() === card) large.mark(status);
  }
  count();
}

/** Decisions may move from which score a category counts. */
const moved = (answer) => (answer.moved === undefined ? "" : ` ${answer.moved}.`);

const names = (cards) => (cards.length === 1 ? cards[0].dataset.name : `${cards.length} photos`);

async function decide(cards, status) {
  if (cards.length === 0) return;
  const ids = cards.flatMap(grid.idsOf);
  const answer = await trying(() => post(decideUrl, { ids, status }));
  if (answer === null) return;
  done.push({ ids, what: names(cards) });
  apply(answer.statuses);
  say(`${SAID[status]}: ${names(cards)}. Press z to take it back.${moved(answer)}`);
  if (cards.length > 1) unselect();
}

async function decideHere(status) {
  const chosen = grid.selected();
  if (!large.isOpen() && chosen.length > 0) {
    await decide(chosen, status);
    return;
  }
  const card = large.isOpen() ? large.card() : grid.current();
  if (card === null) return;
  await decide([card], status);
  if (card.dataset.status === status) step(1);
}

async function undo() {
  const last = done.pop();
  if (last === undefined) {
    say("There is nothing to take back.");
    return;
  }
  const answer = await trying(() => post(undoUrl, { ids: last.ids }));
  if (answer === null) {
    done.push(last);
    return;
  }
  apply(answer.statuses);
  const card = grid.cardOf(last.ids[0]);
  if (card !== null) go(card);
  say(`Taken back: ${last.what}.${moved(answer)}`);
}

function go(card) {
  if (card === null) return;
  grid.makeCurrent(card, { focus: !large.isOpen() });
  if (large.isOpen()) large.open(card);
}

async function step(by) {
  const from = large.isOpen() ? large.card() : grid.current();
  let next = grid.beside(from, by);
  if (next === null && by > 0 && hasMore) {
    await load();
    next = grid.beside(from, by);
  }
  if (next === null) say(by > 0 ? "That was the last photo." : "This is the first photo.");
  else go(next);
  // The last rows ask for more before they are reached.
  if (by > 0 && hasMore && grid.cards().indexOf(next) > grid.cards().length - 12) load();
}

async function load() {
  if (loading || !hasMore) return;
  loading = true;
  const answer = await trying(() => get(`${page}?${query}&offset=${grid.fitting()}`));
  loading = false;
  if (answer === null) return;
  const fresh = grid.add(answer.html);
  hasMore = answer.more && fresh > 0;
  more.hidden = !hasMore;
  count();
}

function count() {
  const all = grid.cards();
  const left = all.filter((card) => card.dataset.status === "open").length;
  document.getElementById("counted").textContent = all.length === 0 ? "" : `${left} of ${all.length} shown are not decided${hasMore ? "; there are more" : ""}`;
}

function selection() {
  const chosen = grid.selected();
  together.hidden = chosen.length === 0;
  document.getElementById("selected").textContent = chosen.length === 1 ? "1 photo is selected" : `${chosen.length} photos are selected`;
}

function unselect() {
  for (const card of grid.selected()) grid.select(card, false);
  selection();
}

function selectAll() {
  for (const card of grid.cards()) grid.select(card, true);
  selection();
}

async function openEvery() {
  const answer = await trying(() => post(countUrl, { filter: query }));
  if (answer === null) return;
  every.dataset.count = answer.count;
  document.getElementById("every-words").textContent = `${answer.count} photos fit the filters, also those that are not shown yet. What shall happen with all of them?`;
  every.showModal();
}

async function decideEvery(status) {
  every.close();
  const answer = await trying(() => post(decideAllUrl, { filter: query, status, count: Number(every.dataset.count) }));
  if (answer === null) return;
  done.push({ ids: answer.ids, what: `${answer.photos} photos` });
  apply(Object.fromEntries(answer.ids.map((id) => [id, status])));
  hasMore = false;
  more.hidden = true;
  say(`${SAID[status]}: ${answer.photos} photos. Press z to take it back.${moved(answer)}`);
}

const KEYS = {
  u: () => decideHere("untag"),
  r: () => decideHere("request-removal"),
  k: () => decideHere("keep"),
  n: () => decideHere("not-me"),
  i: () => decideHere("is-me"),
  z: undo,
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => step(large.isOpen() ? 1 : grid.columns()),
  ArrowUp: () => step(large.isOpen() ? -1 : -grid.columns()),
  x: () => {
    const card = grid.current();
    if (card !== null && !large.isOpen()) {
      grid.select(card, !card.querySelector(".pick input").checked);
      selection();
    }
  },
  a: () => { if (!large.isOpen()) selectAll(); },
  "?": () => help.showModal(),
  Escape: () => { if (!large.isOpen()) unselect(); },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea") !== null || every.open || help.open) return;
  const arrows = event.key.startsWith("Arrow");
  if (!useKeys.checked && event.key !== "Escape" && !arrows) return;
  // Outside of the photos the arrows scroll, as everywhere.
  if (arrows && !large.isOpen() && event.target.closest(".card") === null && event.target !== document.body) return;
  if (arrows && large.isOpen() && event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  const action = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : KEYS[event.key.toLowerCase()];
  if (action === undefined || event.repeat && !arrows) return;
  if (event.key !== "Escape") event.preventDefault();
  action();
});

document.addEventListener("click", (event) => {
  const decision = event.target.closest("[data-decide]")?.dataset.decide;
  const opener = event.target.closest(".card .open");
  if (decision !== undefined) {
    if (every.open) decideEvery(decision);
    else if (together.contains(event.target)) decide(grid.selected(), decision);
    else decideHere(decision);
  } else if (opener !== null) {
    grid.makeCurrent(opener.closest(".card"));
    large.open(opener.closest(".card"));
  } else if (event.target.closest(".cancel") !== null) {
    event.target.closest("dialog").close();
  }
});
list.addEventListener("change", selection);
list.addEventListener("focusin", (event) => grid.makeCurrent(event.target.closest(".card"), { focus: false }));
more.addEventListener("click", load);
document.getElementById("select-all").addEventListener("click", selectAll);
document.getElementById("unselect").addEventListener("click", unselect);
document.getElementById("decide-every")?.addEventListener("click", openEvery);
document.getElementById("previous").addEventListener("click", () => step(-1));
document.getElementById("next").addEventListener("click", () => step(1));
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("close").addEventListener("click", large.close);
document.getElementById("large").addEventListener("close", () => grid.makeCurrent(grid.current() ?? null));
for (const button of document.querySelectorAll(".help-open")) button.addEventListener("click", () => help.showModal());
onState((state) => apply(state.statuses));
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) load(); }, { rootMargin: "600px" }).observe(more);

for (const field of document.querySelectorAll(".filters select, .filters input")) {
  // Fields that are left empty stay out of the address.
  field.form.addEventListener("submit", () => { if (field.value === "") field.disabled = true; });
}
window.addEventListener("pageshow", () => { for (const field of document.querySelectorAll(".filters :disabled")) field.disabled = false; });
grid.settle();
count();
