// The lab of a published page: no server, but runs that were recorded beforehand, one script each.

import { Player } from "./player.js";

const get = (id) => document.getElementById(id);
const list = get("recording");
const words = JSON.parse(get("words").textContent);
const language = document.documentElement.lang.slice(0, 2);
const player = new Player();
const query = (option) => JSON.parse(option.dataset.query);

/** Load the script of a recording, once; a page that lies on a disk may not fetch. */
function load(option) {
  const known = window.recordings?.[option.value];
  if (known) return Promise.resolve(known);
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = option.dataset.script;
    script.onload = () => done(window.recordings[option.value]);
    script.onerror = () => fail(new Error(words.missing));
    document.head.append(script);
  });
}

async function show(option, { play }) {
  document.documentElement.dataset.run = "running";
  get("error").textContent = "";
  try {
    const { events, bands, sentences } = await load(option);
    player.clear();
    player.under(bands);
    events.forEach((event) => player.add(event));
    player.finish();
    get("result").replaceChildren(...sentences[language].map((text) => {
      const sentence = document.createElement("p");
      sentence.textContent = text;
      return sentence;
    }));
    document.dispatchEvent(new Event("seelearn:finished")); // course.js remembers it
    if (play && player.stepped && !matchMedia("(prefers-reduced-motion: reduce)").matches) player.play();
  } catch (error) {
    get("error").textContent = error.message;
  }
  document.documentElement.dataset.run = "ended";
}

/** The recording of the run that the address names, or none. */
function named() {
  const asked = { ...query(list.options[0]), ...Object.fromEntries(new URLSearchParams(location.search)) };
  const same = (a, b) => a === b || (a !== "" && b !== "" && Number(a) === Number(b));
  return [...list.options].find((option) => {
    const given = query(option);
    return Object.keys(asked).every((name) => name in given && same(asked[name], given[name]));
  });
}

function open() {
  const option = named();
  if (option) {
    list.value = option.value;
    show(option, { play: Boolean(location.search) });
    return;
  }
  const flags = [...new URLSearchParams(location.search)].map(([name, value]) => `--${name}=${value}`);
  get("error").textContent = words.not_recorded.replace("{command}", ["seelearn run", list.dataset.lesson, ...flags].join(" "));
  document.documentElement.dataset.run = "ended";
}

function choose() {
  const option = list.selectedOptions[0];
  const differs = Object.entries(query(option)).filter(([name, value]) => query(list.options[0])[name] !== value);
  history.replaceState(null, "", differs.length ? `?${new URLSearchParams(differs)}` : location.pathname);
  show(option, { play: true });
}

get("form").addEventListener("submit", (event) => { event.preventDefault(); choose(); });
list.addEventListener("change", choose);
addEventListener("popstate", open);
open();
