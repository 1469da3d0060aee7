// The photos of a group, in sections by what they are filed as and what they look like.

import { Cards } from "./cards.js";
import { element, percent } from "./element.js";

const TWINS = "twins";
const WORDS = { keep: "kept", relabel: "relabelled", remove: "removed" };

const short = (share) => (share > 0.99 ? ">99\u00a0%" : percent(share)); // a card is narrow
const both = (labels) => (labels.length > 1 ? `${labels.slice(0, -1).join(", ")} and ${labels.at(-1)}` : labels[0]);
export const looks = (suggested) => (suggested === null ? "none of the labels" : suggested);

/** What accepting the suggestion does, in a word. */
export function accepted(card) {
  if (card.suggested === null) return "remove";
  return card.suggested === card.filed ? "keep" : card.suggested;
}

export class Photos extends Cards {
  kind = "suspects"; // of the group that is shown

  sectionOf(card) {
    if (card.decision) return `decided/${card.decision.action}/${card.decision.label ?? ""}`;
    if (this.kind === "label") return `label/${card.filed}`;
    if (this.kind === TWINS) return `${TWINS}/${card.twins.group}/${both(card.twins.labels)}`;
    return card.suggested === card.filed ? `${TWINS}//` : `pair/${card.filed}/${card.suggested ?? ""}`;
  }

  heading(key) {
    const [kind, one, other] = key.split("/");
    if (kind === "decided") return { title: one === "relabel" ? `Relabelled as ${other}` : one === "keep" ? "Kept as filed" : "Removed from the set" };
    if (kind === "label") return { title: `All filed as ${one}`, hint: "The most suspicious first." };
    if (kind === TWINS) return { title: other ? `The same picture under ${other}` : "The same picture under two labels" };
    return { title: other ? `Filed as ${one}, looks like ${other}` : `Filed as ${one}, like none of the labels` };
  }

  describe(card) {
    const twins = card.twins ? `, the same picture is filed as ${both(card.twins.labels)}` : "";
    const decided = card.decision ? `, ${WORDS[card.decision.action]}${card.decision.label ? ` as ${card.decision.label}` : ""}` : "";
    const to = card.decision ? (card.decision.label ?? card.filed) : card.suggested;
    const move = [element("span.from", { title: card.filed }, card.filed)];
    if (to !== card.filed) move.push(element("span.arrow", {}, "→"), element(to === null ? "span.to.none" : "span.to", { title: looks(to) }, to ?? "none"));
    const bar = element("span.doubt", { "aria-hidden": "true" });
    bar.style.setProperty("--share", String(card.suspicion));
    return {
      title: card.name,
      kind: card.decision?.action === "remove" ? "removed" : null,
      spoken: `${card.name}, filed as ${card.filed}, looks like ${looks(card.suggested)}, suspicion ${percent(card.suspicion)}${twins}${decided}`,
      over: [card.twins ? element("span.alike", { "aria-hidden": "true" }, "two labels") : null].filter(Boolean),
      caption: [element("span.move", {}, ...move), element("span.sure", {}, card.decision ? WORDS[card.decision.action] : short(card.suspicion)), card.decision ? "" : bar],
    };
  }

  bulk(key, sound, size) {
    const [kind, one, other] = key.split("/");
    const all = size === 1 ? "it" : sound < size ? `the other ${sound}` : `all ${sound}`;
    if (kind === "label") return `Keep ${all}`;
    if (kind !== "pair") return null;
    if (!other) return `Remove ${all}`;
    return size === 1 ? `It is ${other}` : `${sound < size ? "The other" : "All"} ${sound} are ${other}`;
  }
}

/** What is known of a photo, beside it in full. */
export const facts = {
  title: (card) => card.name,
  alt: (card) => `${card.name}, filed as ${card.filed}`,
  known(card) {
    const bar = element("span.chance");
    bar.style.setProperty("--share", String(card.suspicion));
    return [
      element("h3", {}, "Filed as"),
      element("p.fact", {}, card.filed),
      element("h3", {}, "Looks like"),
      element("p.fact", {}, looks(card.suggested)),
      element("h3", {}, "Suspicion"),
      element("p.suspicion", {}, bar, element("span.figure", {}, percent(card.suspicion))),
      ...(card.twins ? [element("h3", {}, "The same picture is filed as"), element("p.fact", {}, both(card.twins.labels))] : []),
      ...(card.decision ? [element("h3", {}, "Decided"), element("p.fact", {}, `${WORDS[card.decision.action]}${card.decision.label ? ` as ${card.decision.label}` : ""}`)] : []),
    ];
  },
};
