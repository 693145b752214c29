// The form in which a reader writes, answers or edits.

import { button, cleaned, fill, make } from "./dom.js";
import { onScreen } from "./runs.js";
import { ask, remembered } from "./server.js";

let made = 0;

/**
 * Make the form. `text` is what to edit; `send` gets what was written and says whether it was taken;
 * `cancel` puts the form away; `say` tells the reader something.
 */
export function writer({ words, limits }, { title = null, text = null, send, cancel = null, say }) {
  made += 1;
  const id = `writing-${made}`;
  const editing = text !== null;
  const name = make("input", { id: `${id}-name`, name: "name", required: "", maxlength: limits.name, autocomplete: "nickname" });
  name.value = remembered("name");
  const area = make("textarea", { id, name: "text", required: "", maxlength: limits.text, "aria-describedby": `${id}-hint` });
  area.value = text ?? "";
  const trap = make("input", { name: "website", tabindex: -1, autocomplete: "off" });
  const shown = make("div", { hidden: "" });
  const note = make("p", { class: "soft", hidden: "" });
  let run = null;

  async function look() {
    const back = !shown.hidden;
    const html = back ? null : (await say.attempt(() => ask("preview", "POST", { text: area.value })))?.html;
    if (!back && html === undefined) return;
    shown.replaceChildren(...(back ? [] : [cleaned(html, "preview")]));
    shown.hidden = back;
    area.hidden = !back;
    preview.textContent = back ? words.preview : words.write;
    if (back) area.focus();
  }

  function attach() {
    const had = run !== null;
    run = had ? null : onScreen();
    note.hidden = had;
    note.textContent = run ? words.attached : words.nothing;
    attaching.textContent = run ? words.detach : words.attach;
  }

  const preview = button(words.preview, look);
  const attaching = button(words.attach, attach);
  const submit = make("button", {}, editing ? words.save : words.send);
  const form = make("form", { class: "writing" },
    title && make("p", {}, make("strong", {}, title)),
    !editing && make("div", {}, make("label", { for: name.id }, words.name), name),
    make("div", {}, make("label", { for: id }, words.text), area, shown, make("p", { id: `${id}-hint`, class: "hint" }, fill(words.hint, { limit: limits.text }))),
    !editing && make("div", { class: "away", "aria-hidden": "true" }, make("label", {}, words.website, trap)),
    note,
    make("div", { class: "acts" }, submit, preview, !editing && attaching, cancel && button(words.cancel, cancel)),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true; // one press, one comment
    if (!editing) remembered("name", name.value);
    const taken = await send(editing ? { text: area.value } : { name: name.value, text: area.value, website: trap.value, run });
    submit.disabled = false;
    if (!taken) return;
    area.value = "";
    if (run) attach();
    if (!shown.hidden) look();
  });
  form.focusText = () => area.focus();
  return form;
}
