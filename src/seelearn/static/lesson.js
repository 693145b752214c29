// The lab of a lesson's page: starts and stops runs, and hands their events to the player as they come.

import { Player } from "./player.js";

const get = (id) => document.getElementById(id);
const form = get("form");
const words = JSON.parse(get("words").textContent);
const player = new Player();
let stream = null;
let run = null;
let here = location.search;

function say(status, error = "") {
  get("status").textContent = status;
  get("error").textContent = error;
}

function running(yes) {
  get("stop").disabled = true; // until there is a run to stop
  get("run").disabled = yes;
  document.documentElement.dataset.run = yes ? "running" : "ended";
}

/** Start the run of the form; `remember` it as a new place in the browser's history, or in place of the present one. */
async function start(remember) {
  stream?.close();
  running(true);
  say(words.starting);
  const answer = await fetch(form.dataset.runs, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  }).catch(() => null);
  const reply = await answer?.json().catch(() => null);
  if (!answer?.ok || !reply) {
    running(false);
    say("", reply?.error ?? words.gone);
    return;
  }
  run = reply.run;
  const link = `?${new URLSearchParams(reply.parameters)}`;
  if (location.search !== link) history[remember ? "pushState" : "replaceState"](null, "", link + location.hash);
  here = location.search;
  get("stop").disabled = false;
  languages();
  follow();
}

function follow() {
  player.clear();
  get("result").replaceChildren();
  get("report").hidden = true;
  get("progress").value = 0;
  stream = new EventSource(`${run}/events`);
  stream.onmessage = (message) => take(JSON.parse(message.data));
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) {
      running(false); // a new server, which does not know this run
      say("", words.gone);
    } else {
      say(words.lost);
    }
  };
  stream.addEventListener("end", (message) => finish(JSON.parse(message.data)));
}

function take(event) {
  if (event.kind === "step") {
    get("progress").max = event.total;
    get("progress").value = event.step;
    say(words.running);
  }
  if (event.kind === "note") {
    const sentence = document.createElement("p");
    sentence.textContent = event.text;
    get("result").append(sentence);
  }
  player.add(event);
}

function finish(end) {
  stream.close();
  running(false);
  player.finish();
  if (end.status === "finished") say(end.text);
  else say("", end.text);
  get("report").href = `${run}/report`;
  get("report").hidden = false;
}

/** Let the links to the other language open the same run. */
function languages() {
  document.querySelectorAll("a.language").forEach((link) => { link.search = location.search; });
}

function copying(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.closest(".code").querySelector("pre").textContent);
    button.textContent = words.copied;
    setTimeout(() => { button.textContent = words.copy; }, 1500);
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start(true);
});
get("stop").addEventListener("click", () => fetch(`${run}/stop`, { method: "POST" }));
addEventListener("popstate", () => { if (location.search !== here) location.reload(); }); // not for #headings
document.querySelectorAll("button.copy").forEach(copying);
languages();
if (form.dataset.autorun === "true") start(false);
