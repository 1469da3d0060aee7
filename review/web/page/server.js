// Talks to the server. A refusal is an Error with the sentence that the server gave.

let csrf = "";

export class LoggedOut extends Error {}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { "X-Bearbot-Token": csrf, ...options.headers } });
  } catch {
    throw new Error(`the server cannot be reached: does \`${document.documentElement.dataset.program}\` still run?`);
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const sentence = answer.error ?? `the server answered ${response.status}`;
  throw response.status === 401 ? new LoggedOut(sentence) : new Error(sentence);
}

const json = (body, more = {}) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  ...more,
});

export const get = (path) => request(path);
export const login = (token) => request("/api/login", json({ token }));

export async function session() {
  const found = await request("/api/session");
  csrf = found.csrf;
  return found;
}

// Changes go one after the other, so that an undo takes back what was said just before it.
let last = Promise.resolve();

/** `begun()` is called when its turn comes. */
export function post(path, body = {}, { begun, keepalive = false } = {}) {
  const answer = last.then(() => {
    begun?.();
    return request(path, json(body, { keepalive }));
  });
  last = answer.catch(() => {});
  return answer;
}

/** At the very end of the page: the browser sends it on though nobody waits. */
export const farewell = (path, body, { keepalive = true } = {}) => void request(path, json(body, { keepalive })).catch(() => {});

let leaving = false;

/** The login page tells why somebody stands before it. */
export function toTheDoor(why) {
  if (leaving) return; // the first reason counts: whatever is asked for meanwhile fails, too
  leaving = true;
  sessionStorage.setItem("why", why);
  location.replace("/login");
}
