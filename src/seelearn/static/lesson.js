// The lab of a lesson's page: starts and stops runs, and hands their events to the player as they come.

import { Player } from "./player.js";

const get = (id) => document.getElementById(id);
const form = get("form");
const words = JSON.parse(get("words").textContent);
const player = new Player();
let stream = null;
let run = null;

function say(status, error = "") {
  get("status").textContent = status;
  get("error").textContent = error;
}

function running(yes) {
  get("stop").disabled = !yes;
  get("run").disabled = yes;
  document.documentElement.dataset.run = yes ? "running" : "ended";
}

async function start() {
  stream?.close();
  running(true);
  say(words.waiting);
  const answer = await fetch(form.dataset.runs, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  }).catch(() => null);
  const reply = await answer?.json().catch(() => null);
  if (!answer?.ok || !reply) {
    running(false);
    say("", reply?.error ?? words.lost);
    return;
  }
  run = reply.run;
  const link = `?${new URLSearchParams(reply.parameters)}`;
  if (location.search !== link) history.pushState(null, "", link + location.hash);
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
    say(words.lost);
    if (stream.readyState === EventSource.CLOSED) running(false); // a new server, which does not know this run
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
  if (end.status === "finished") say(end.text);
  else say("", end.text);
  get("report").href = `${run}/report`;
  get("report").hidden = false;
}

/** Let the links to the other language open the same run at the same place. */
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
  start();
});
get("stop").addEventListener("click", () => fetch(`${run}/stop`, { method: "POST" }));
addEventListener("popstate", () => location.reload());
document.querySelectorAll("button.copy").forEach(copying);
languages();
if (form.dataset.autorun === "true") start();
