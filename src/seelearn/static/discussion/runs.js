// Runs that comments carry: what is on the screen now, and a link that opens a run at the step that was meant.

const slider = document.getElementById("now");

/** Return the run on the screen: the page's query and where the slider stands; null if nothing has been run. */
export function onScreen() {
  const parameters = Object.fromEntries(new URLSearchParams(location.search));
  if (Object.keys(parameters).length === 0) return null;
  const moved = slider && !document.getElementById("timeline").hidden;
  return { parameters, epoch: moved ? Number(slider.value) : null };
}

/** Move the slider to the step in the address, #epoch-12. */
function go() {
  const step = /^#epoch-(\d+)$/.exec(location.hash)?.[1];
  if (step === undefined || !slider) return;
  slider.value = step;
  slider.dispatchEvent(new Event("input"));
  document.getElementById("lab")?.scrollIntoView();
}

/** Go there when the run has ended, and whenever a link to another step of it is followed. */
export function follow() {
  const page = document.documentElement;
  const wait = new MutationObserver(() => {
    if (page.dataset.run !== "ended") return;
    wait.disconnect();
    go();
  });
  wait.observe(page, { attributeFilter: ["data-run"] });
  addEventListener("hashchange", go);
}
