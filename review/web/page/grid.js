// The cards of the queue, in sections by what the model says.

import { Cards } from "./cards.js";
import { duration, element, percent, words } from "./element.js";

const HIDDEN = "\u0000hidden";
const UNKNOWN = "\u0000unknown";

/** What the asker says it is, why it waits, how sure the model is: the words under a photo. */
function caption(card) {
  const sure = card.blind ? "answer hidden" : card.confidence === null ? "no guess" : percent(card.confidence);
  const why = card.disagreement ? "reviewers disagree" : words(card.reasons[0] ?? "");
  const claim = card.claims.at(-1);
  return [
    element("span.sure", {}, sure),
    element("span.why", {}, claim ? `asker: ${claim === "none" ? "none of these" : claim}` : why),
  ];
}

export class Grid extends Cards {
  sectionOf(card) {
    return card.blind ? HIDDEN : (card.label ?? UNKNOWN);
  }

  heading(key) {
    if (key === HIDDEN) return { title: "Second opinions", hint: "Several people judge these, each for themselves: what the model and others say is hidden." };
    return { title: key === UNKNOWN ? "No guess" : key };
  }

  describe(card) {
    const said = card.blind ? "answer hidden" : card.label === null ? "no guess" : `model says ${card.label}`;
    const alike = card.alike ? `, ${card.alike} more alike` : "";
    const under = caption(card);
    return {
      title: `Photo ${card.id}, waits ${duration(card.waiting_seconds)}`,
      spoken: `Photo ${card.id}, ${said}, ${under.map((one) => one.textContent).join(", ")}${alike}`,
      over: [element("span.alike", { hidden: !card.alike, "aria-hidden": "true" }, `+${card.alike}`)],
      caption: under,
    };
  }

  bulk(key, sound, size) {
    if (key === HIDDEN || key === UNKNOWN) return null;
    return size === 1 ? `It is ${key}` : `${sound < size ? "The other" : "All"} ${sound} are ${key}`;
  }

  /** Of its near-duplicates some were split off. */
  update(card) {
    const node = this.node(card.id);
    if (!node) return;
    const alike = node.querySelector(".alike");
    alike.hidden = !card.alike;
    alike.textContent = `+${card.alike}`;
  }
}
