// What was said and is not saved yet: told while it takes long, and sent on by the browser if the page ends first.

import { byId } from "./element.js";
import { notice } from "./notice.js";
import { farewell, post } from "./server.js";

const SLOW = 700; // ms that one request takes until it is told
const ALOUD = 4_000; // ms until it is said in words, and again after as many
const MOST_BYTES = 60_000; // a browser sends on 64 kB after a page's end, all requests together
const VERDICTS = "/api/verdicts";
const UNDO = "/api/undo";
const FAREWELL = "/api/farewell";

const bytes = (body) => new Blob([JSON.stringify(body)]).size;

export class Unsaved {
  #strokes = []; // in the order in which they were said: {path, body, photos, sent, answer}
  #since = null; // ms, since when the first of them is waited for
  #told = 0; // ms, when it was last said in words

  constructor() {
    setInterval(() => this.#tell(), 200);
    window.addEventListener("beforeunload", (event) => this.#strokes.length && event.preventDefault());
    window.addEventListener("pagehide", () => this.#leave());
  }

  /** How many photos' answers are not saved yet. */
  get photos() {
    return this.#strokes.reduce((total, stroke) => total + stroke.photos, 0);
  }

  /** One verdict on some photos; the server's answer to each. */
  say(verdict, items) {
    return this.#keep(VERDICTS, { ...verdict, items }, items.length);
  }

  undo() {
    return this.#keep(UNDO, {}, 0);
  }

  /** Wait for what was said until now; whether all of it could be saved. */
  async saved() {
    const all = await Promise.allSettled(this.#strokes.map((stroke) => stroke.answer));
    return all.every((one) => one.status === "fulfilled");
  }

  /** Nothing of it can be saved any more: who was logged out is not asked whether to stay. */
  abandon() {
    this.#strokes = [];
  }

  async #keep(path, body, photos) {
    const stroke = { path, body, photos, sent: false };
    this.#strokes.push(stroke);
    this.#since ??= performance.now();
    // What is on its way arrives even if the page ends meanwhile, so it need not be sent twice.
    stroke.answer = post(path, body, { begun: () => (stroke.sent = true), keepalive: bytes(body) <= MOST_BYTES });
    try {
      return await stroke.answer;
    } finally {
      this.#strokes = this.#strokes.filter((one) => one !== stroke);
      this.#since = this.#strokes.length ? performance.now() : null;
      this.#tell();
    }
  }

  #tell() {
    const now = performance.now();
    const late = this.#since === null ? 0 : now - this.#since;
    const saving = byId("saving");
    saving.hidden = late <= SLOW;
    if (saving.hidden) return;
    saving.textContent = this.photos ? `saving ${this.photos} …` : "saving …";
    if (late <= ALOUD || now - this.#told <= ALOUD) return;
    this.#told = now;
    const kept = this.photos === 1 ? "1 answer is" : `${this.photos} answers are`;
    notice(`the server is slow, or its database is busy; ${kept} kept here and saved as soon as it can be: leave this page open`, { wrong: true });
  }

  /** The page ends. What was taken back before it was sent is not sent at all. */
  #leave() {
    const left = [];
    const back = [];
    for (const stroke of this.#strokes) {
      if (stroke.path === UNDO && left.at(-1)?.path === VERDICTS) back.push(left.pop());
      else left.push(stroke);
    }
    const items = back.filter((one) => !one.sent).flatMap((one) => one.body.items.map(({ id, token }) => ({ id, token })));
    const late = left.filter((one) => !one.sent).map((one) => (one.path === UNDO ? { kind: "undo" } : one.body));
    // In one request: of many the browser sends on only the first few, and in any order.
    const first = { strokes: [], items };
    let room = MOST_BYTES - bytes(first);
    for (const stroke of this.#strokes) if (stroke.sent) room -= bytes(stroke.body);
    while (late.length && bytes(late[0]) < room) {
      room -= bytes(late[0]) + 1;
      first.strokes.push(late.shift());
    }
    if (first.strokes.length || items.length) farewell(FAREWELL, first);
    if (late.length) farewell(FAREWELL, { strokes: late, items: [] }, { keepalive: false }); // some browsers send it
    this.#strokes = [];
  }
}
