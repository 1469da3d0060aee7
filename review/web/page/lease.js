// Keeps what is on the page while somebody is there, and gives it back when they leave it.

import { farewell, post } from "./server.js";

export const AWAY_AFTER = 180_000; // ms without any sign of life; also in a tab that is not in view
const LOOKS = 5_000; // ms

export class Lease {
  #renewed = performance.now();
  #busy = false;
  away = false;

  /** `held()` gives [{id, token}]; `onLost(ids)` and `onAway()` change the page. */
  constructor(seconds, attention, { held, onLost, onAway, onError }) {
    this.every = (seconds * 1000) / 3;
    Object.assign(this, { attention, held, onLost, onAway, onError });
    setInterval(() => this.#look(), Math.min(LOOKS, this.every));
    document.addEventListener("visibilitychange", () => this.#look());
    window.addEventListener("pagehide", () => this.leave());
  }

  /** There is a fresh batch. */
  begin() {
    this.#renewed = performance.now();
    this.away = false;
  }

  /** The page ends: the browser sends this on by itself. */
  leave() {
    const items = this.held();
    if (items.length && !this.away) farewell("/api/release", { items });
    this.away = true;
  }

  async #look() {
    if (this.away || this.#busy) return;
    const items = this.held();
    if (performance.now() - this.attention.lastSign > AWAY_AFTER) {
      this.away = true;
      this.onAway();
      if (items.length) await post("/api/release", { items }).catch(this.onError);
      return;
    }
    if (!items.length || performance.now() - this.#renewed < this.every) return;
    this.#busy = true;
    try {
      const { lost } = await post("/api/renew", { items });
      this.#renewed = performance.now();
      if (lost.length) this.onLost(lost);
    } catch (error) {
      this.onError(error);
    } finally {
      this.#busy = false;
    }
  }
}
