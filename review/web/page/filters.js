// Which photos are wanted: of a label, of a reason, those that several judge; and how many at once.

import { byId, element, words } from "./element.js";

const ALL = "all";
const BLIND = "second opinions";

const sum = (groups) => groups.reduce((total, group) => total + group.items, 0);

export class Filters {
  chosen = { label: null, reason: null, blind: null };
  #groups = [];

  /** `onChange()` when other photos are wanted. */
  constructor(labels, onChange) {
    Object.assign(this, { labels, onChange });
    const count = byId("count");
    const kept = localStorage.getItem("count");
    if ([...count.options].some((option) => option.value === kept)) count.value = kept;
    count.addEventListener("change", () => {
      localStorage.setItem("count", count.value);
      onChange();
    });
    byId("reason").addEventListener("change", () => {
      this.chosen.reason = byId("reason").value || null;
      onChange();
    });
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  get count() {
    return Number(byId("count").value);
  }

  get any() {
    return Object.values(this.chosen).some((wish) => wish !== null);
  }

  /** The group before (-1), or the next one (1). */
  turn(step) {
    const all = [...byId("groups").children];
    const place = all.findIndex((chip) => chip.getAttribute("aria-pressed") === "true");
    all[(place + step + all.length) % all.length]?.click();
  }

  /** These wait no more; the server counts again in a while. */
  settled(cards) {
    for (const card of cards) {
      const group = this.#groups.find((one) => one.items && one.blind === card.blind && one.label === card.label && (card.blind || card.reasons.includes(one.reason)));
      if (group) group.items -= 1;
    }
    this.show(this.#groups);
  }

  /** Offer what waits. */
  show(groups) {
    this.#groups = groups;
    const labels = [...new Set([...this.labels, ...groups.map((group) => group.label).filter((label) => label !== null)])];
    const chips = [
      { name: ALL, label: null, blind: null, items: sum(groups) },
      ...labels.map((label) => ({ name: label, label, blind: null, items: sum(groups.filter((group) => group.label === label)) })),
      { name: BLIND, label: null, blind: true, items: sum(groups.filter((group) => group.blind)) },
    ];
    const focused = document.activeElement?.closest("#groups .chip")?.dataset.name;
    byId("groups").replaceChildren(...chips.filter((chip) => chip.items || chip.name === ALL || this.#is(chip)).map((chip) => this.#chip(chip)));
    if (focused) [...byId("groups").children].find((chip) => chip.dataset.name === focused)?.focus();
    this.#offerReasons(groups);
  }

  #is({ label, blind }) {
    return this.chosen.label === label && this.chosen.blind === blind;
  }

  #chip({ name, label, blind, items }) {
    const chip = element("button.chip", { type: "button", "aria-pressed": String(this.#is({ label, blind })), title: name }, element("span.name", {}, name), element("span.count", {}, items.toLocaleString("en")));
    chip.dataset.name = name;
    chip.addEventListener("click", () => {
      Object.assign(this.chosen, { label, blind });
      for (const one of byId("groups").children) one.setAttribute("aria-pressed", String(one === chip));
      this.onChange();
    });
    return chip;
  }

  #offerReasons(groups) {
    const select = byId("reason");
    const known = [...new Set([...groups.map((group) => group.reason).filter((reason) => reason !== null), ...(this.chosen.reason ? [this.chosen.reason] : [])])].sort();
    if (known.join() === [...select.options].slice(1).map((option) => option.value).join()) return; // it may be open
    select.replaceChildren(element("option", { value: "" }, "any reason"), ...known.map((reason) => element("option", { value: reason }, words(reason))));
    select.value = this.chosen.reason ?? "";
  }
}
