// The way to the server of the discussion, and the key by which it knows this reader's comments.

const { server, language } = document.getElementById("discussion").dataset;
export const base = `${server}/discussion/`;

/** Keep a value under a name in this browser, or return what was kept; a browser may refuse to keep anything. */
export function remembered(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`seelearn.${name}`, value);
    return localStorage.getItem(`seelearn.${name}`) ?? "";
  } catch {
    return "";
  }
}

let fresh = "";

function key() {
  fresh ||= remembered("key") || newKey();
  return fresh;
}

/** Return 256 random bits as letters. */
function newKey() {
  const bits = crypto.getRandomValues(new Uint8Array(32));
  const letters = btoa(String.fromCharCode(...bits)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  remembered("key", letters);
  return letters;
}

/** Say whether this reader has done anything here that the server may know of. */
export function hasKey() {
  return (fresh || remembered("key")) !== "";
}

export function forgetKey() {
  fresh = "";
  remembered("key", "");
}

/** Ask the server; return its answer, or throw an error with the sentence that it gives for a refusal. */
export async function ask(path, method = "GET", body = undefined) {
  const reads = method === "GET" && path !== "me"; // for everybody, so no key is made or shown
  const answer = await fetch(`${base}api/${language}/${path}`, {
    method,
    credentials: "omit",
    headers: reads ? {} : { Authorization: `Bearer ${key()}`, ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  }).catch(() => { throw new Error(""); });
  if (answer.status === 204) return {};
  const reply = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(reply.error ?? "");
  return reply;
}
