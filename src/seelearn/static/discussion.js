// The discussion under a lesson. All its words come from the server, which may be another one: see data-server.

import { button, cleaned, fill, make } from "./discussion/dom.js";
import { follow } from "./discussion/runs.js";
import { ask, base, forgetKey, hasKey } from "./discussion/server.js";
import { writer } from "./discussion/writer.js";

const place = document.getElementById("discussion");
const { lesson, language } = place.dataset;
const home = `lessons/${lesson}`;
let thread = null; // what everybody sees
let mine = null; // what the server keeps of this reader
let words = null;
let chosen = "";

const status = make("p", { role: "status" });
const list = make("ol", { class: "comments" });
const count = make("span");
const own = make("details");

function say(text, bad = false) {
  status.className = bad ? "error" : "soft";
  status.textContent = text;
}

/** Do what may fail: return its result, or undefined when the reader has been told why not. */
say.attempt = async (act) => {
  try {
    return await act();
  } catch (error) {
    say(error.message || place.dataset.lost, true);
    return undefined;
  }
};

/** Send something, then show how things stand; return whether it was taken. */
async function change(path, method, body, told) {
  const answer = await say.attempt(() => ask(path, method, body));
  if (!answer) return false;
  if (path === "me") forgetKey();
  say(answer.state === "waiting" && body?.text ? words.queued : told);
  await say.attempt(async () => {
    await load();
    show();
  });
  return true;
}

async function load() {
  const nothing = { comments: [], votes: [], mailboxes: [] };
  [thread, mine] = await Promise.all([ask(home), hasKey() ? ask("me") : nothing]);
  words = thread.words;
}

/** Draw the comments anew; a form that is open below one stays as it is. */
function show() {
  const open = list.querySelector("form");
  const at = open?.closest("li").id;
  list.replaceChildren(...thread.comments.map(comment), ...waiting().map(unseen));
  if (open) document.getElementById(at)?.append(open);
  const shown = thread.comments.filter((one) => one.shown).length;
  count.textContent = shown ? fill(words.count, { count: shown }) : words.none;
  filter();
  ownPart();
}

function waiting() {
  return mine.comments.filter((one) => one.lesson === lesson && one.state === "waiting");
}

function filter() {
  for (const row of list.children) row.hidden = chosen !== "" && row.dataset.language !== chosen;
}

function when(seconds) {
  const date = new Date(seconds * 1000);
  const text = date.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  return make("time", { datetime: date.toISOString() }, text);
}

/** One comment, or the place of one that is gone. */
function comment(one) {
  const id = `comment-${one.id}`;
  const row = make("li", { id, class: `comment depth-${one.depth}`, "data-language": one.language ?? language });
  if (!one.shown) {
    row.append(make("p", { class: "soft" }, words.gone));
    return row;
  }
  row.append(
    make("p", { class: "who" },
      make("strong", {}, one.name),
      one.teacher && make("span", { class: "badge" }, words.teacher),
      make("a", { href: `#${id}` }, when(one.created)),
      one.edited && make("span", { class: "soft" }, words.edited),
      one.parent && make("a", { href: `#comment-${one.parent}` }, `${words.answers} ↑`)),
    cleaned(one.html, "said"),
    one.run ? make("p", { class: "run" }, make("a", { href: one.run.address, title: words.open }, one.run.label)) : "",
    acts(one, row),
  );
  row.querySelector(".said").lang = one.language === "zh" ? "zh-Hans" : one.language;
  return row;
}

function acts(one, row) {
  const written = mine.comments.find((other) => other.id === one.id);
  return make("div", { class: "acts" },
    !written && vote(one),
    button(words.reply, () => open(row, {
      title: fill(words.replying, { name: one.name }),
      send: (given) => change(`${home}/comments`, "POST", { ...given, parent: one.id }, words.posted),
    })),
    ...ownActs(written, row));
}

/** What an author can do with a comment: edit it for a while, and delete it. */
function ownActs(written, row) {
  if (!written) return [];
  const path = `comments/${written.id}`;
  const edit = () => open(row, { text: written.text, send: (given) => change(path, "PATCH", given, words.saved) });
  const remove = () => confirm(words.sure) && change(path, "DELETE", undefined, words.deleted);
  return [
    ...(Date.now() / 1000 < written.editable_until ? [button(words.edit, edit)] : []),
    button(words.delete, remove),
  ];
}

/** A comment that only its author sees yet. */
function unseen(one) {
  const row = make("li", { id: `comment-${one.id}`, class: "comment", "data-language": one.language },
    make("p", { class: "who" }, make("strong", {}, one.name), when(one.created)),
    cleaned(one.html, "said"),
    make("p", { class: "waits" }, words.waiting));
  row.append(make("div", { class: "acts" }, ...ownActs(one, row)));
  return row;
}

function vote(one) {
  const own = () => mine.votes.includes(one.id);
  const label = () => `▲ ${one.votes} ${words.vote}`;
  const press = button(label(), async () => {
    const answer = await say.attempt(() => ask(`comments/${one.id}/vote`, own() ? "DELETE" : "PUT"));
    if (!answer) return;
    one.votes = answer.votes;
    mine.votes = own() ? mine.votes.filter((id) => id !== one.id) : [...mine.votes, one.id];
    press.textContent = label();
    press.setAttribute("aria-pressed", own());
  }, { "aria-pressed": own() ? "true" : "false" });
  return press;
}

/** Open a form below a comment, in place of any other one. */
function open(row, { send, ...how }) {
  const close = () => { form.remove(); row.querySelector("button")?.focus(); };
  const form = writer(thread, {
    ...how,
    say,
    cancel: close,
    send: async (given) => {
      const taken = await send(given);
      if (taken) form.remove();
      return taken;
    },
  });
  list.querySelector("form")?.remove();
  row.append(form);
  form.focusText();
}

/** What concerns the reader: the mail, and taking everything along or away. */
function ownPart() {
  const { minutes } = thread.limits;
  own.replaceChildren(
    make("summary", {}, words.mine),
    ...(thread.mail ? mail() : [make("p", {}, words.mail_off)]),
    make("p", { class: "hint" }, fill(words.token_about, { minutes })),
    make("div", { class: "acts" },
      button(words.export, take),
      button(words.erase, () => confirm(words.erase_sure) && change("me", "DELETE", undefined, words.erased))));
}

function mail() {
  const address = make("input", { id: "address", type: "email", required: "", maxlength: thread.limits.address, autocomplete: "email" });
  const form = make("form", { class: "writing" },
    make("p", {}, words.mail_about),
    make("div", {}, make("label", { for: "address" }, words.address), address),
    make("div", { class: "acts" }, make("button", {}, words.bind)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change("me/mailbox", "PUT", { address: address.value }, words.sent);
  });
  const known = mine.mailboxes.map((one) => make("p", {}, fill(one.confirmed ? words.bound : words.unconfirmed, { address: one.address })));
  const end = button(words.unbind, () => change("me/mailbox", "DELETE", undefined, words.unbound));
  return [...known, known.length > 0 ? end : "", form];
}

/** Save everything as a file. */
async function take() {
  const all = await say.attempt(() => ask("me"));
  if (!all) return;
  const file = new Blob([JSON.stringify(all, null, 1)], { type: "application/json" });
  const link = make("a", { href: URL.createObjectURL(file), download: "comments.json" });
  link.click();
  URL.revokeObjectURL(link.href);
}

function begin() {
  const post = (given) => change(`${home}/comments`, "POST", given, words.posted);
  const languages = make("select", { onchange: () => { chosen = languages.value; filter(); } },
    ...["", "zh", "en"].map((value) => make("option", { value }, words[value || "all"])));
  place.append(
    make("h2", {}, words.heading),
    make("p", { class: "soft" }, words.lead),
    writer(thread, { send: post, say }),
    status,
    make("div", { class: "listing" },
      count,
      make("label", {}, words.show, languages),
      make("a", { href: `${base}${language}/${home}/feed` }, words.feed)),
    list,
    own);
  show();
  if (location.hash.startsWith("#comment-")) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

follow();
load().then(begin).catch((error) => place.append(make("p", { class: "error" }, error.message || place.dataset.lost)));
