// Talks to the server. A refusal is an Error with the sentence that the server gave.

let csrf = "";

export class LoggedOut extends Error {}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { "X-Bearbot-Token": csrf, ...options.headers } });
  } catch {
    throw new Error("the server cannot be reached: does `bearbot review serve` still run?");
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

export function post(path, body = {}) {
  const answer = last.then(() => request(path, json(body)));
  last = answer.catch(() => {});
  return answer;
}

/** At the very end of the page: the browser sends it on though nobody waits. */
export const farewell = (path, body) => void request(path, json(body, { keepalive: true })).catch(() => {});
