// One photo in full, with all that is known of it; answers go to it, and then the next one comes.

import { byId, duration, element, percent, photos, words } from "./element.js";
import { get, post } from "./server.js";
import { notice } from "./notice.js";

export class Zoom {
  id = null;

  constructor(grid) {
    this.grid = grid;
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
    this.photo.alt = card.blind || !card.label ? `Photo ${id}` : `Photo ${id}, the model says ${card.label}`;
    byId("zoom-title").textContent = `Photo ${id}`;
    const order = this.grid.ids;
    byId("zoom-place").textContent = `${order.indexOf(id) + 1} of ${order.length}`;
    byId("zoom-before").disabled = this.grid.neighbour(id, -1) === null;
    byId("zoom-after").disabled = this.grid.neighbour(id, 1) === null;
    byId("zoom-facts").replaceChildren(...this.#known(card, null).filter(Boolean));
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.dialog.focus(); // not its first button: Enter would close it
    }
    const next = this.grid.neighbour(id, 1);
    if (next !== null) new Image().src = `/photos/${next}`; // so that nobody waits for it
    try {
      const more = await get(`/api/items/${id}`);
      if (this.id === id) byId("zoom-facts").replaceChildren(...this.#known(card, more).filter(Boolean));
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

  #known(card, more) {
    const found = [];
    if (card.blind) {
      found.push(element("p.hint", {}, "Several people judge this photo, each for themselves: what the model and others say is hidden."));
    } else if (more?.probabilities) {
      const ranked = Object.entries(more.probabilities).sort((a, b) => b[1] - a[1]);
      found.push(element("h3", {}, "The model says"), element("ul.chances", {}, ...ranked.map(([label, share]) => chance(label, share))));
    } else if (card.label === null) {
      found.push(element("p.hint", {}, "No model judged this photo."));
    }
    found.push(element("h3", {}, "Why it is here"), element("p", {}, (card.disagreement ? ["reviewers disagree"] : card.blind ? ["several people judge it, each for themselves"] : card.reasons.map(words)).join(", ")));
    found.push(element("p.hint", {}, `Sent ${duration(card.waiting_seconds)} ago${more?.model_version ? `, judged by ${more.model_version}` : ""}`));
    if (card.claims.length) {
      const said = card.claims.map((label) => (label === "none" ? "none of these" : label)).join(", ");
      found.push(element("h3", {}, "The asker says"), element("p", {}, said));
    }
    if (more?.said?.length) {
      found.push(element("h3", {}, "Reviewers said"), element("ul.said", {}, ...more.said.map((one) => element("li", {}, `${one.reviewer}: ${words(one.said)}`))));
    }
    if (more?.alike?.length) found.push(...this.#strip(card, more.alike));
    return found;
  }

  /** The near-duplicates that get the same answer; each, or all of them, can be split off. */
  #strip(card, ids) {
    const strip = element("ul.strip");
    for (const id of ids) {
      const off = element("button.quiet", { type: "button", "aria-label": `Photo ${id} is another: judge it by itself` }, "split off");
      off.addEventListener("click", () => this.#split(card, id));
      strip.append(element("li", {}, element("img", { src: `/thumbnails/${id}`, alt: `Photo ${id}, nearly the same` }), off));
    }
    const all = element("button.quiet", { type: "button" }, "split all");
    all.addEventListener("click", () => this.#split(card, card.id));
    return [element("h3", {}, `${photos(ids.length)} nearly the same`), element("p.hint", {}, "They get the same answer."), strip, ids.length > 1 ? all : ""];
  }

  async #split(card, id) {
    try {
      const { alone } = await post("/api/split", { id });
      card.alike = Math.max(0, card.alike - alone.length);
      this.grid.update(card);
      notice(alone.length === 1 ? `photo ${alone[0]} will be judged by itself` : `${photos(alone.length)} will be judged by themselves`);
      if (this.id === card.id) await this.show(card.id);
      this.dialog.focus();
    } catch (error) {
      notice(error.message, { wrong: true });
    }
  }
}

function chance(label, share) {
  const bar = element("span.chance");
  bar.style.setProperty("--share", String(share));
  return element("li", {}, element("span", {}, label), bar, element("span.figure", {}, percent(share)));
}
