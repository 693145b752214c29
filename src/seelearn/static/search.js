// The search box: titles and prose of the whole course, searched in the browser. The index and the library that searches
// it are loaded when the box is first used, as scripts, so that a course opened from a disk can be searched too.

"use strict";

(() => {
  const SHOWN = 8;
  const [BEFORE, AFTER] = [30, 90]; // characters of a snippet around its first mark
  const HAN = /\p{Script=Han}+/gu;

  function latin(text) {
    return text.replace(HAN, " ").match(/[\p{L}\p{N}]+/gu) ?? [];
  }

  /** Chinese has no spaces: a run of characters is indexed as each of them and each pair of neighbours. */
  function terms(text) {
    const found = latin(text);
    for (const [run] of text.matchAll(HAN)) {
      for (let i = 0; i < run.length; i += 1) {
        found.push(run[i]);
        if (i + 1 < run.length) found.push(run.slice(i, i + 2));
      }
    }
    return found;
  }

  /** What is asked for: of a run of several characters the pairs alone, or each of its characters would be found. */
  function asked(text) {
    return [...latin(text), ...[...text.matchAll(HAN)].flatMap(([run]) => (
      run.length === 1 ? [run] : [...run].slice(1).map((next, i) => run[i] + next)
    ))];
  }

  function load(address) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(script.src);
      script.onerror = reject;
      document.head.append(script);
    });
  }

  let library = null; // the promise of the search, made once for all boxes

  function prepare(box) {
    library ??= Promise.all([load(box.dataset.index), load(box.dataset.library)]).then(([base]) => {
      const { rows, texts } = self.seelearnIndex;
      const engine = new self.MiniSearch({
        fields: ["title", "also", "text"],
        tokenize: terms,
        searchOptions: {
          tokenize: asked,
          combineWith: "AND",
          boost: { title: 6, also: 3 },
          boostDocument: (id) => (rows[id][3] ? 2 : 1), // what can be opened first
          prefix: (term) => !term.match(HAN),
          fuzzy: (term) => (term.length > 4 && !term.match(HAN) ? 0.2 : false),
        },
      });
      engine.addAll(rows.map(([title, also, , , key], id) => ({ id, title, also, text: key ? texts[key] : "" })));
      return (query) => engine.search(query).slice(0, SHOWN).map(({ id, terms: marked }) => {
        const [title, , courses, address, key] = rows[id];
        return { title, courses, marked, address: address && new URL(address, base).href, text: key ? texts[key] : "" };
      });
    });
    library.catch(() => { library = null; }); // the next key tries again
    return library;
  }

  function escaped(term) {
    return term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }

  /** Put a text into an element, with the terms marked. */
  function mark(element, text, marked) {
    const pattern = new RegExp(`(${[...marked].sort((a, b) => b.length - a.length).map(escaped).join("|")})`, "giu");
    text.split(pattern).forEach((part, i) => {
      if (!part) return;
      const node = i % 2 ? document.createElement("mark") : document.createTextNode("");
      node.textContent = part;
      element.append(node);
    });
  }

  /** Cut a text around the place where most of the terms stand together. */
  function snippet(text, marked) {
    const pattern = new RegExp(marked.map(escaped).join("|"), "giu");
    const places = [...text.matchAll(pattern)].slice(0, 200).map(({ index }) => index);
    if (!places.length) return "";
    const low = text.toLowerCase();
    const there = (place) => marked.filter((term) => low.slice(place, place + AFTER).includes(term)).length;
    const best = places.reduce((most, place) => (there(place) > there(most) ? place : most));
    const [start, end] = [Math.max(0, best - BEFORE), Math.min(text.length, best + AFTER)];
    return (start ? "…" : "") + text.slice(start, end) + (end < text.length ? "…" : "");
  }

  function option(row, number, box) {
    const item = document.createElement(row.address ? "a" : "div");
    item.id = `found-${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    if (row.address) {
      item.href = row.address;
      item.tabIndex = -1;
    } else {
      item.setAttribute("aria-disabled", "true");
    }
    const title = document.createElement("strong");
    mark(title, row.title, row.marked);
    const where = document.createElement("small");
    where.textContent = row.courses.join(" · ") + (row.address ? "" : ` · ${box.dataset.unwritten}`);
    item.append(title, where);
    const text = snippet(row.text, row.marked);
    if (text) {
      const place = document.createElement("span");
      mark(place, text, row.marked);
      item.append(place);
    }
    return item;
  }

  class Box {
    constructor(element) {
      this.element = element;
      this.input = element.querySelector("input");
      this.list = element.querySelector(".found");
      this.told = element.querySelector(".told");
      this.active = -1;
      this.input.addEventListener("focus", () => { prepare(element).catch(() => {}); });
      this.input.addEventListener("input", () => this.search());
      this.input.addEventListener("keydown", (event) => this.key(event));
      element.addEventListener("focusout", (event) => { if (!element.contains(event.relatedTarget)) this.close(); });
      this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
      element.hidden = false;
    }

    async search() {
      const query = this.input.value.trim();
      if (!asked(query).length) {
        this.close();
        return;
      }
      const find = await prepare(this.element).catch(() => null);
      if (query !== this.input.value.trim()) return; // more was typed while the index came
      const rows = find ? find(query) : [];
      this.active = -1;
      this.input.removeAttribute("aria-activedescendant");
      this.list.replaceChildren(...rows.map((row, number) => option(row, number, this.element)));
      this.list.hidden = rows.length === 0;
      this.input.setAttribute("aria-expanded", String(rows.length > 0));
      const { none, failed } = this.element.dataset;
      this.told.textContent = rows.length ? "" : (find ? none : failed).replace("{query}", query);
      this.told.hidden = rows.length > 0;
    }

    close() {
      this.list.hidden = this.told.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }

    key(event) {
      const options = [...this.list.children];
      const open = !this.list.hidden && options.length > 0;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.isComposing) return; // the keys belong to the input method
      if (step && open) {
        event.preventDefault();
        this.active = (this.active + step + options.length + (this.active < 0 && step < 0 ? 1 : 0)) % options.length;
        options.forEach((one, number) => one.setAttribute("aria-selected", String(number === this.active)));
        this.input.setAttribute("aria-activedescendant", options[this.active].id);
        options[this.active].scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter" && open) {
        event.preventDefault();
        (this.active < 0 ? options.find((one) => one.href) : options[this.active])?.click();
        if (this.list.querySelector("a")) this.close();
      } else if (event.key === "Escape") {
        event.preventDefault();
        this.input.value = "";
        this.close();
      }
    }
  }

  const boxes = [...document.querySelectorAll(".search")].map((element) => new Box(element));
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    boxes[0]?.input.focus();
  });
})();
