// The lab of a lesson's page: starts and stops runs, and hands their events to the player as they come.

import { Player } from "./player.js";

const get = (id) => document.getElementById(id);
const form = get("form");
const words = JSON.parse(get("words").textContent);
const player = new Player();
let stream = null;
let run = null; // the address of what runs, or ran last
let shown = null; // the parameters of what the charts show, but for the seed
let measured = { key: null, bands: [] };
let here = location.search;

function say(status, error = "") {
  get("status").textContent = status;
  get("error").textContent = error;
}

function running(yes) {
  get("stop").disabled = true; // until there is a run to stop
  get("run").disabled = get("measure").disabled = yes;
  document.documentElement.dataset.run = yes ? "running" : "ended";
}

function tell(place, text) {
  const sentence = document.createElement("p");
  sentence.textContent = text;
  get(place).append(sentence);
}

function empty(place, link) {
  get(place).replaceChildren();
  get(link).hidden = true;
}

function key({ seed, ...parameters }) {
  return JSON.stringify(parameters);
}

/** Ask for the run of the form; return what the server says, or null when it has been said that there is none. */
async function ask(more) {
  stream?.close();
  running(true);
  say(words.starting);
  const answer = await fetch(form.dataset.runs, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...Object.fromEntries(new FormData(form)), ...more }),
  }).catch(() => null);
  const reply = await answer?.json().catch(() => null);
  if (answer?.ok && reply) {
    run = reply.run;
    get("stop").disabled = false;
    get("progress").value = 0;
    return reply;
  }
  running(false);
  say("", reply?.error ?? words.gone);
  return null;
}

/** Start the run of the form; `remember` it as a new place in the browser's history, or in place of the present one. */
async function start(remember) {
  const reply = await ask({});
  if (!reply) return;
  const link = `?${new URLSearchParams(reply.parameters)}`;
  if (location.search !== link) history[remember ? "pushState" : "replaceState"](null, "", link + location.hash);
  here = location.search;
  show(reply.parameters);
  player.under(measured.key === shown ? measured.bands : reply.bands);
  follow(take, "result", "report");
}

/** Measure the experiment of the form over many seeds, beside the curves of a run with the same parameters. */
async function measure() {
  const reply = await ask({ seeds: get("measure").dataset.seeds });
  if (!reply) return;
  if (key(reply.parameters) !== shown) {
    show(reply.parameters);
    player.finish();
  }
  const bands = new Map();
  follow((event) => {
    const { kind, step, total } = event;
    if (kind === "step") progress(event, words.progress.replace("{done}", step).replace("{seeds}", total));
    if (kind !== "band") return;
    bands.set(`${event.chart} ${event.series}`, event);
    measured = { key: shown, bands: [...bands.values()] };
    player.add(event);
  }, "measured", "measured-report");
}

/** Clear the charts for other parameters, and what was said of the last ones. */
function show(parameters) {
  shown = key(parameters);
  player.clear();
  empty("result", "report");
  if (measured.key !== shown) empty("measured", "measured-report");
}

/** Hand every event of the run to `each`; its conclusion goes to `place`, and `link` leads to its report. */
function follow(each, place, link) {
  empty(place, link);
  stream = new EventSource(`${run}/events`);
  stream.onmessage = (message) => each(JSON.parse(message.data));
  stream.addEventListener("turn", (message) => say(JSON.parse(message.data).text)); // it waits in the queue
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) {
      running(false); // a new server, which does not know this run
      say("", words.gone);
    } else {
      say(words.lost);
    }
  };
  stream.addEventListener("end", (message) => finish(JSON.parse(message.data), place, link));
}

function progress(event, text) {
  get("progress").max = event.total;
  get("progress").value = event.step;
  say(text);
}

function take(event) {
  if (event.kind === "step") progress(event, words.running);
  if (event.kind === "note") tell("result", event.text);
  player.add(event);
}

function finish(end, place, link) {
  stream.close();
  running(false);
  player.finish();
  end.sentences.forEach((sentence) => tell(place, sentence));
  if (end.status === "finished") {
    say(end.text);
    document.dispatchEvent(new Event("seelearn:finished")); // course.js remembers it
  } else {
    say("", end.text);
  }
  get(link).href = `${run}/report`;
  get(link).hidden = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start(true);
});
get("measure").addEventListener("click", () => { if (form.reportValidity()) measure(); });
get("stop").addEventListener("click", () => fetch(`${run}/stop`, { method: "POST" }));
addEventListener("popstate", () => { if (location.search !== here) location.reload(); }); // not for #headings
if (form.dataset.autorun === "true") start(false);
