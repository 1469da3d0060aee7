// One photo in full, with all that is known of it; answers go to it, and then the next one comes.

import { byId } from "./element.js";
import { notice } from "./notice.js";

export class Zoom {
  id = null;

  /**
   * `facts` says what is known: `title(card)` and `alt(card)`; `known(card, more, zoom)` as nodes, with null for `more`
   * at first, and then with what `ask(id)` gives, if it is there.
   */
  constructor(grid, facts) {
    this.grid = grid;
    this.facts = facts;
    this.dialog = byId("zoom");
    this.photo = byId("zoom-photo");
    this.photo.addEventListener("click", () => this.magnify());
    byId("zoom-before").addEventListener("click", () => this.step(-1));
    byId("zoom-after").addEventListener("click", () => this.step(1));
    this.dialog.addEventListener("close", () => {
      this.photo.removeAttribute("src");
      grid.focus(this.id !== null && grid.cards.has(this.id) ? this.id : undefined);
      this.id = null;
    });
  }

  /** Whether this photo is shown in full now. */
  seen(id) {
    return this.open && this.id === id && this.photo.complete && this.photo.naturalWidth > 0;
  }

  get open() {
    return this.dialog.open;
  }

  async show(id) {
    const card = this.grid.cards.get(id);
    if (!card) return;
    this.id = id;
    this.dialog.classList.remove("whole");
    this.photo.src = `/photos/${id}`;
    this.photo.alt = this.facts.alt(card);
    byId("zoom-title").textContent = this.facts.title(card);
    const order = this.grid.ids;
    byId("zoom-place").textContent = `${order.indexOf(id) + 1} of ${order.length}`;
    byId("zoom-before").disabled = this.grid.neighbour(id, -1) === null;
    byId("zoom-after").disabled = this.grid.neighbour(id, 1) === null;
    this.#tell(card, null);
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.dialog.focus(); // not its first button: Enter would close it
    }
    const next = this.grid.neighbour(id, 1);
    if (next !== null) new Image().src = `/photos/${next}`; // so that nobody waits for it
    if (!this.facts.ask) return;
    try {
      const more = await this.facts.ask(id);
      if (this.id === id) this.#tell(card, more);
    } catch (error) {
      if (this.id === id) notice(error.message, { wrong: true });
    }
  }

  step(direction) {
    const to = this.grid.neighbour(this.id, direction);
    if (to !== null) this.show(to);
  }

  /** What is shown was answered: on to the next one, or out. Call it before the card goes. */
  next() {
    const to = this.grid.neighbour(this.id, 1) ?? this.grid.neighbour(this.id, -1);
    if (to === null) this.close();
    else this.show(to);
  }

  magnify() {
    this.dialog.classList.toggle("whole");
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  #tell(card, more) {
    byId("zoom-facts").replaceChildren(...this.facts.known(card, more, this).filter(Boolean));
  }
}
