// What every page of the course does: copy code, keep the reader's place when the language is switched, and remember in
// this browser which pages have been opened and on which a run has finished. Nothing of it is sent anywhere.

"use strict";

(() => {
  const KEY = "seelearn.progress";
  const [OPENED, RUN] = [1, 2];

  /** The heading that the reader has come to, so that the other language opens there. */
  function reached() {
    if (location.hash) return location.hash;
    const above = [...document.querySelectorAll("main h2[id]")].filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
    return above.length ? `#${above.at(-1).id}` : "";
  }

  for (const link of document.querySelectorAll("a.language")) {
    for (const moment of ["focus", "pointerdown", "click"]) {
      link.addEventListener(moment, () => { link.search = location.search; link.hash = reached(); });
    }
  }

  /** What is remembered: how far each page, LESSON/FRAMEWORK, has come. A browser may keep nothing, or nonsense. */
  function progress() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY));
      return kept && typeof kept === "object" ? kept : {};
    } catch {
      return {};
    }
  }

  function remember(stage) {
    const { page } = document.body.dataset;
    const kept = progress();
    if (!page || (kept[page] ?? 0) >= stage) return;
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...kept, [page]: stage }));
    } catch { /* storage is full or forbidden: the course works without */ }
  }

  /** Show what is remembered: a mark on each row, a bar on each course. */
  function show() {
    const kept = progress();
    for (const row of document.querySelectorAll(".rows [data-pages]")) {
      const stage = kept[row.dataset.pages] ?? 0;
      row.classList.toggle("opened", stage === OPENED);
      row.classList.toggle("run", stage === RUN);
      row.querySelector(".mark").textContent = stage ? row.closest(".rows").dataset[stage === RUN ? "run" : "opened"] : "";
    }
    for (const card of document.querySelectorAll(".cards [data-pages]")) {
      const stages = card.dataset.pages.split(" ").filter(Boolean).map((page) => kept[page] ?? 0);
      const run = stages.filter((stage) => stage === RUN).length;
      const opened = stages.filter((stage) => stage > 0).length;
      const bar = card.querySelector("progress");
      bar.hidden = card.querySelector(".progress").hidden = opened === 0;
      bar.value = run + (opened - run) / 2;
      card.querySelector(".progress").textContent = card.dataset.progress.replace("{opened}", opened).replace("{run}", run);
    }
    const forget = document.getElementById("forget");
    if (forget) forget.hidden = Object.keys(kept).length === 0;
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const { textContent: before } = button;
      await navigator.clipboard.writeText(button.closest(".code").querySelector("pre").textContent);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }

  remember(OPENED);
  document.addEventListener("seelearn:finished", () => remember(RUN));
  document.querySelector("#forget button")?.addEventListener("click", () => { localStorage.removeItem(KEY); show(); });
  addEventListener("pageshow", show); // also after the back button
  addEventListener("storage", show);
  show();
})();
