// The groups of photos, as chips with counts: suspects in one row, all photos of a label and what is decided in another.

import { byId, element } from "./element.js";
import { looks } from "./photos.js";

const NAMES = { suspects: "all suspects", twins: "same picture, two labels", decided: "decided" };

/** How a group is written on its chip, and how it is read out. */
export function nameOf({ kind, label, suggested }) {
  if (kind === "pair") return { parts: [element("span.name", {}, label), element("span.arrow", { "aria-hidden": "true" }, "→"), element(suggested === null ? "span.name.none" : "span.name", {}, suggested ?? "none")], spoken: `filed as ${label}, looks like ${looks(suggested)}` };
  if (kind === "label") return { parts: [element("span.faint", {}, "all"), element("span.name", {}, label)], spoken: `all filed as ${label}` };
  return { parts: [NAMES[kind]], spoken: NAMES[kind] };
}

export class Groups {
  #groups = [];

  /** `onChoose(key)` when another group is wanted. */
  constructor(onChoose) {
    this.chosen = sessionStorage.getItem("group") ?? "suspects";
    this.onChoose = onChoose;
  }

  get group() {
    return this.#groups.find((group) => group.key === this.chosen) ?? null;
  }

  /** The group before (-1), or the next one (1), of those that are offered. */
  turn(step) {
    const all = [...document.querySelectorAll("#groups .chip, #others .chip")];
    const place = all.findIndex((chip) => chip.dataset.key === this.chosen);
    all[(place + step + all.length) % all.length]?.click();
  }

  /** A group of suspects that has some left. */
  next() {
    const left = [...document.querySelectorAll("#groups .chip")].filter((chip) => this.#groups.find((group) => group.key === chip.dataset.key).photos);
    (left[1] ?? left[0])?.click(); // the first one is all of them
  }

  show(groups) {
    this.#groups = groups;
    if (!this.group) this.chosen = "suspects"; // of another folder, before
    const focused = document.activeElement?.closest(".chip")?.dataset.key;
    const offered = groups.filter((group) => group.photos || ["suspects", "decided", "label"].includes(group.kind) || group.key === this.chosen);
    const suspects = offered.filter((group) => ["suspects", "pair", "twins"].includes(group.kind));
    byId("groups").replaceChildren(...suspects.map((group) => this.#chip(group)));
    byId("others").replaceChildren(...offered.filter((group) => !suspects.includes(group)).map((group) => this.#chip(group)));
    if (focused !== undefined) [...document.querySelectorAll(".chip")].find((chip) => chip.dataset.key === focused)?.focus();
  }

  #chip(group) {
    const { parts, spoken } = nameOf(group);
    const count = group.photos.toLocaleString("en");
    const chip = element("button.chip", { type: "button", "aria-pressed": String(group.key === this.chosen), "aria-label": `${spoken}: ${count}`, title: spoken }, ...parts, element("span.count", {}, count));
    chip.dataset.key = group.key;
    chip.addEventListener("click", () => {
      this.chosen = group.key;
      sessionStorage.setItem("group", group.key);
      this.show(this.#groups);
      this.onChoose(group.key);
    });
    return chip;
  }
}
