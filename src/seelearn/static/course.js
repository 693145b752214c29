// What every page of the course does: keep the reader's place when the language is switched.

"use strict";

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
