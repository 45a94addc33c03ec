"use strict";
(() => {
  const filters = document.querySelector(".filters");
  if (filters === null) return;
  const search = document.getElementById("search");
  const risk = document.getElementById("risk");
  const hide = document.getElementById("hide");
  const clear = document.getElementById("clear");
  const chips = [...filters.querySelectorAll("button.chip")];
  const cards = [...document.querySelectorAll(".card")].map((node) => ({
    node,
    risk: Number(node.dataset.risk),
    verdict: node.dataset.verdict,
    categories: JSON.parse(node.dataset.categories),
    decided: node.classList.contains("decided"),
    text: node.querySelector(".text").textContent.toLowerCase(),
  }));
  const pressed = (kind) => chips
    .filter((chip) => chip.getAttribute("aria-pressed") === "true" && kind in chip.dataset)
    .map((chip) => chip.dataset[kind]);

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const least = Number(risk.value);
    const verdicts = pressed("verdict");
    const categories = pressed("category");
    let shown = 0;
    for (const card of cards) {
      const fits = card.risk >= least
        && !(hide.checked && card.decided)
        && (verdicts.length === 0 || verdicts.includes(card.verdict))
        && (categories.length === 0 || categories.some((name) => card.categories.includes(name)))
        && words.every((word) => card.text.includes(word));
      card.node.hidden = !fits;
      if (fits) shown += 1;
    }
    const photos = cards.length === 1 ? "photo" : "photos";
    filters.querySelector("output").textContent = risk.value;
    document.getElementById("shown").textContent = shown === cards.length ? `${shown} ${photos}` : `${shown} of ${cards.length} ${photos}`;
    document.getElementById("none").hidden = shown !== 0;
    clear.hidden = words.length === 0 && least === 0 && !hide.checked && verdicts.length === 0 && categories.length === 0;
  };

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  for (const field of [search, risk, hide]) field.addEventListener("input", apply);
  clear.addEventListener("click", () => {
    search.value = "";
    risk.value = "0";
    hide.checked = false;
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    apply();
    search.focus();
  });
  document.documentElement.classList.add("js");
  filters.hidden = false;
  apply();
})();
