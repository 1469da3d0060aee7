// How far this sitting has come, and how fast.

import { byId } from "./element.js";

const OVER = 5 * 60_000; // ms that the rate is taken over
const SHORTEST = 0.1; // minutes: the first answers would look like hundreds a minute
const ENOUGH = 5; // answers that a rate needs

export class Pace {
  #answeredAt = []; // ms
  #done = 0;
  waiting = null; // photos of the whole queue; null: not counted yet

  constructor() {
    setInterval(() => this.show(), 5000);
  }

  /** So many were answered; below 0: taken back, or refused after all. */
  tally(number) {
    this.#done = Math.max(0, this.#done + number);
    for (let left = number; left > 0; left--) this.#answeredAt.push(performance.now());
    for (let left = number; left < 0; left++) this.#answeredAt.pop();
    this.show();
  }

  /** So many wait no more; the server counts again in a while. */
  settled(number) {
    if (this.waiting !== null) this.waiting = Math.max(0, this.waiting - number);
    this.show();
  }

  show() {
    const now = performance.now();
    this.#answeredAt = this.#answeredAt.filter((at) => now - at < OVER);
    const minutes = (now - (this.#answeredAt[0] ?? now)) / 60_000;
    const rate = Math.round(this.#answeredAt.length / Math.max(minutes, SHORTEST));
    byId("done").textContent = this.#done.toLocaleString("en");
    byId("rate").textContent = this.#answeredAt.length >= ENOUGH ? `, ${rate} a minute` : "";
    byId("waiting").textContent = this.waiting === null ? "…" : this.waiting.toLocaleString("en");
    const all = this.#done + (this.waiting ?? 0);
    const share = all ? Math.round((100 * this.#done) / all) : 0;
    byId("bar").setAttribute("aria-valuenow", String(share));
    byId("bar").firstElementChild.style.width = `${share}%`;
  }
}
