// Cards in sections: which of them are selected, which has the frame, and how keys and the mouse move both.

import { byId, element, photos } from "./element.js";

/**
 * A page says what is on its cards by overriding:
 * `sectionOf(card)` the key of its section; `heading(key)` {title, hint} of that section;
 * `describe(card)` {title, spoken, kind, over, caption}: `kind` is a class of style, if it has one, `over` and `caption`
 * are nodes on and under the photo;
 * `bulk(key, sound, size)` what its button says that answers the `sound` cards of `size` at once; null: it has none.
 */
export class Cards {
  cards = new Map(); // id -> card, in the order of the page
  selected = new Set();
  focused = null; // id
  #nodes = new Map();
  #anchor = null;
  #sections = new Map();
  #shown = new Set(); // ids whose picture was there to be looked at, also of cards that went and came back

  /** `onChange()` after every change, `onZoom(id)` when one is double-clicked, `onBulk(section, ids)` from a heading. */
  constructor({ onChange, onZoom, onBulk }) {
    Object.assign(this, { onChange, onZoom, onBulk });
    this.root = byId("sections");
    this.root.addEventListener("click", (event) => this.#click(event));
    this.root.addEventListener("dblclick", (event) => {
      const node = event.target.closest(".card");
      if (node && !event.target.closest(".alike, .glass")) this.onZoom(Number(node.dataset.id));
    });
    this.root.addEventListener("focusin", (event) => {
      const node = event.target.closest(".card");
      if (node) this.#frame(Number(node.dataset.id));
    });
  }

  get ids() {
    return [...this.root.querySelectorAll(".card")].map((node) => Number(node.dataset.id));
  }

  /** What an answer goes to. */
  get targets() {
    if (this.selected.size) return this.ids.filter((id) => this.selected.has(id));
    return this.focused === null ? [] : [this.focused];
  }

  /** Add cards; `front` puts them first, as what an undo brings back. */
  add(cards, { front = false } = {}) {
    for (const card of front ? [...cards].reverse() : cards) {
      if (this.cards.has(card.id)) this.#drop(card.id);
      this.cards.set(card.id, card);
      const section = this.#section(this.sectionOf(card), front);
      const node = this.#draw(card);
      this.#nodes.set(card.id, node);
      if (front) section.list.prepend(node);
      else section.list.append(node);
    }
    this.#frame(this.cards.has(this.focused) ? this.focused : (this.ids[0] ?? null));
    this.#changed();
  }

  /** Whether its picture could be looked at. */
  seen(id) {
    return this.#shown.has(id) && !this.#nodes.get(id)?.classList.contains("broken");
  }

  /** Take cards off; the frame goes to the next one. */
  remove(ids) {
    const gone = new Set(ids);
    const order = this.ids;
    const had = this.#nodes.get(this.focused)?.contains(document.activeElement);
    if (gone.has(this.focused)) {
      const place = order.indexOf(this.focused);
      const next = order.slice(place).find((id) => !gone.has(id)) ?? order.slice(0, place).findLast((id) => !gone.has(id));
      this.#frame(next ?? null);
    }
    for (const id of ids) this.#drop(id);
    if (had && this.focused !== null) this.focus();
    this.#changed();
  }

  clear() {
    this.cards.clear();
    this.#nodes.clear();
    this.selected.clear();
    this.#sections.clear();
    this.root.replaceChildren();
    this.focused = this.#anchor = null;
    this.#changed();
  }

  focus(id = this.focused) {
    this.#nodes.get(id)?.focus({ preventScroll: true });
    this.reveal(id);
  }

  /** Bring it into view. */
  reveal(id = this.focused) {
    this.#nodes.get(id)?.scrollIntoView({ block: "nearest" });
  }

  toggle(id) {
    if (!this.selected.delete(id)) this.selected.add(id);
    this.#anchor = id;
    this.#changed();
  }

  select(ids) {
    this.selected = new Set(ids);
    this.#changed();
  }

  /** Move the frame; with `extend`, select from where the selection began. */
  move(direction, extend) {
    const order = this.ids;
    if (!order.length) return;
    const from = this.focused;
    const place = order.indexOf(from);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[direction];
    let to = from;
    if (step) to = order[place + step] ?? from;
    else if (direction === "Home") to = order[0];
    else if (direction === "End") to = order.at(-1);
    else to = this.#vertical(from, direction === "ArrowDown") ?? from;
    if (extend) {
      this.#anchor ??= from;
      this.#range(this.#anchor, to, order);
    } else {
      this.#anchor = null;
    }
    this.focus(to);
  }

  neighbour(id, step) {
    const order = this.ids;
    return order[order.indexOf(id) + step] ?? null;
  }

  /** Who has a photo now is somebody else: it stays in view a moment, greyed. */
  lose(ids) {
    for (const id of ids) this.#nodes.get(id)?.classList.add("lost");
    setTimeout(() => this.remove(ids.filter((id) => this.cards.has(id))), 1500);
  }

  /** What is on the page of one card, if it is there. */
  node(id) {
    return this.#nodes.get(id);
  }

  #click(event) {
    const section = event.target.closest("section");
    const button = event.target.closest("button");
    if (button) {
      const ids = [...section.querySelectorAll(".card")].map((node) => Number(node.dataset.id));
      if (button.dataset.all !== undefined) this.#toggleAll(ids);
      else this.onBulk(section.dataset.key, ids);
      return;
    }
    const node = event.target.closest(".card");
    if (!node || node.classList.contains("lost")) return;
    const id = Number(node.dataset.id);
    if (event.target.closest(".alike, .glass")) {
      this.focus(id);
      this.onZoom(id);
    } else if (event.shiftKey) {
      this.#anchor ??= this.focused ?? id;
      this.#range(this.#anchor, id, this.ids);
      this.focus(id);
    } else {
      this.focus(id);
      if (event.detail < 2) this.toggle(id); // the second click of a double one opens the photo
    }
  }

  #toggleAll(ids) {
    const all = ids.every((id) => this.selected.has(id));
    for (const id of ids) this.selected[all ? "delete" : "add"](id);
    this.#changed();
  }

  #range(from, to, order) {
    const [low, high] = [order.indexOf(from), order.indexOf(to)].sort((a, b) => a - b);
    this.selected = new Set(order.slice(Math.max(low, 0), high + 1));
    this.#changed();
  }

  /** The nearest card of the next row above or below, also in another section. */
  #vertical(from, down) {
    const here = this.#nodes.get(from).getBoundingClientRect();
    const middle = here.left + here.width / 2;
    let best = null;
    for (const [id, node] of this.#nodes) {
      const box = node.getBoundingClientRect();
      const away = (box.top - here.top) * (down ? 1 : -1);
      if (away < 8) continue;
      const aside = Math.abs(box.left + box.width / 2 - middle);
      if (!best || away < best.away - 8 || (away < best.away + 8 && aside < best.aside)) best = { id, away, aside };
    }
    return best?.id;
  }

  #frame(id) {
    for (const [one, tabindex] of [[this.focused, "-1"], [id, "0"]]) {
      const node = this.#nodes.get(one);
      node?.setAttribute("tabindex", tabindex);
      node?.classList.toggle("framed", tabindex === "0");
    }
    this.focused = id;
  }

  #drop(id) {
    const node = this.#nodes.get(id);
    if (!node) return;
    const list = node.parentElement;
    node.remove();
    this.#nodes.delete(id);
    this.cards.delete(id);
    this.selected.delete(id);
    if (this.#anchor === id) this.#anchor = null;
    if (!list.children.length) {
      const section = list.closest("section");
      this.#sections.delete(section.dataset.key);
      section.remove();
    }
  }

  #section(key, front) {
    let found = this.#sections.get(key);
    if (found) return found;
    const id = `section-${this.#sections.size}-${Date.now().toString(36)}`;
    const count = element("span.count");
    const list = element("div.cards", { role: "listbox", "aria-multiselectable": "true", "aria-labelledby": id });
    const bulk = element("button.quiet.bulk", { type: "button" });
    const all = element("button.quiet", { type: "button" }, "Select all");
    all.dataset.all = "";
    const { title, hint } = this.heading(key);
    const head = element("div.head", {}, element("h2", { id }, title, count), all, bulk);
    const node = element("section", { "aria-labelledby": id }, head, hint ? element("p.hint", {}, hint) : null, list);
    node.dataset.key = key;
    if (front) this.root.prepend(node);
    else this.root.append(node);
    found = { node, list, count, bulk, all };
    this.#sections.set(key, found);
    return found;
  }

  #draw(card) {
    const picture = element("img", { src: `/thumbnails/${card.id}`, alt: "", loading: "lazy", decoding: "async", draggable: false });
    picture.addEventListener("load", () => this.#shown.add(card.id));
    picture.addEventListener("error", () => {
      node.classList.add("broken");
      this.#changed();
    });
    const { title, spoken, kind = null, over = [], caption } = this.describe(card);
    const node = element(
      "div.card",
      { role: "option", tabIndex: -1, "aria-selected": "false", "aria-label": spoken, title },
      element("span.photo", {}, picture, element("span.check", { "aria-hidden": "true" }, "✓"), element("span.glass", { "aria-hidden": "true" })),
      ...over,
      element("span.caption", {}, ...caption),
    );
    node.dataset.id = card.id;
    if (kind) node.classList.add(kind);
    return node;
  }

  #changed() {
    for (const [id, node] of this.#nodes) {
      const on = this.selected.has(id);
      if ((node.getAttribute("aria-selected") === "true") !== on) node.setAttribute("aria-selected", String(on));
    }
    for (const { list, count, bulk, all } of this.#sections.values()) {
      const size = list.children.length;
      count.textContent = photos(size);
      const whole = [...list.children].every((node) => node.getAttribute("aria-selected") === "true");
      all.textContent = whole ? "Select none" : "Select all";
      const sound = size - list.querySelectorAll(".broken").length; // what cannot be shown is not labelled
      const offer = sound ? this.bulk(list.closest("section").dataset.key, sound, size) : null;
      bulk.hidden = offer === null;
      bulk.textContent = offer ?? "";
    }
    this.onChange();
  }
}
