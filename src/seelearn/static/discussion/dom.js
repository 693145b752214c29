// Elements. What a person wrote goes in as text; only `cleaned` takes HTML, which the server has cleaned.

/** Make an element; an attribute that begins with "on" is a listener; null and false are left out. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

/** Make a button that stands back. */
export function button(label, act, attributes = {}) {
  return make("button", { type: "button", class: "quiet", onclick: act, ...attributes }, label);
}

export function cleaned(html, name) {
  const element = make("div", { class: name });
  element.innerHTML = html;
  return element;
}

/** Put values into a sentence: {name} and the like. */
export function fill(sentence, values) {
  return Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), sentence);
}
