// How long somebody looked: only while the page is in view and they are there.

const STILL_THERE = 30_000; // ms without a key or a move of the mouse after which nobody looks

export class Attention {
  #seconds = 0;
  #since = null;
  lastSign = performance.now();

  constructor() {
    for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
      window.addEventListener(kind, () => this.sign(), { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#pause() : this.sign()));
  }

  sign() {
    this.#add();
    this.lastSign = performance.now();
    this.#since = document.hidden ? null : this.lastSign;
  }

  /** Begin anew: there are other photos to look at. */
  reset() {
    this.#seconds = 0;
    this.#since = document.hidden ? null : performance.now();
  }

  /** The seconds since the last answer, shared among as many photos as are answered now. */
  take(photos) {
    this.#add();
    const share = this.#seconds / photos;
    this.reset();
    return Math.round(share * 100) / 100;
  }

  #pause() {
    this.#add();
    this.#since = null;
  }

  #add() {
    if (this.#since === null) return;
    const now = performance.now();
    this.#seconds += Math.min(now - this.#since, STILL_THERE) / 1000;
    this.#since = now;
  }
}
