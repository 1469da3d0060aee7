// Talks to the sandbox: one stream of events for one person, and small requests.

async function request(path, options) {
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `the sandbox answered ${response.status}`);
  return answer;
}

export const people = () => request("/api/people");

export const post = (path, fields) => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return request(path, { method: "POST", body });
};

const KINDS = ["snapshot", "overview", "message", "edited", "deleted", "action", "answer"];

/** The events of one person, for as long as the page is open: it comes back by itself when the sandbox does. */
export class Stream {
  #source = null;
  #timer = null;

  constructor(onEvent, onLost) {
    this.onEvent = onEvent;
    this.onLost = onLost;
  }

  open(person) {
    this.close();
    const source = new EventSource(`/api/events?person=${encodeURIComponent(person)}`);
    this.#source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (source === this.#source) this.onEvent(kind, JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      if (source !== this.#source) return;
      // The browser tries again by itself unless the sandbox refused: then this person is no longer there.
      const refused = source.readyState === EventSource.CLOSED;
      this.onLost(refused);
    };
  }

  /** Try again in a moment, with whoever is chosen then. */
  later(action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, 1000);
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
