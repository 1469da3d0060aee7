// What is known of a photo of the queue, beside it in full.

import { duration, element, percent, photos, words } from "./element.js";
import { notice } from "./notice.js";
import { get, post } from "./server.js";

export const facts = {
  title: (card) => `Photo ${card.id}`,
  alt: (card) => (card.blind || !card.label ? `Photo ${card.id}` : `Photo ${card.id}, the model says ${card.label}`),
  known,
  ask: (id) => get(`/api/items/${id}`),
};

function known(card, more, zoom) {
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
  if (more?.alike?.length) found.push(...strip(card, more.alike, zoom));
  return found;
}

/** The near-duplicates that get the same answer; each, or all of them, can be split off. */
function strip(card, ids, zoom) {
  const row = element("ul.strip");
  for (const id of ids) {
    const off = element("button.quiet", { type: "button", "aria-label": `Photo ${id} is another: judge it by itself` }, "split off");
    off.addEventListener("click", () => split(card, id, zoom));
    row.append(element("li", {}, element("img", { src: `/thumbnails/${id}`, alt: `Photo ${id}, nearly the same` }), off));
  }
  const all = element("button.quiet", { type: "button" }, "split all");
  all.addEventListener("click", () => split(card, card.id, zoom));
  return [element("h3", {}, `${photos(ids.length)} nearly the same`), element("p.hint", {}, "They get the same answer."), row, ids.length > 1 ? all : ""];
}

async function split(card, id, zoom) {
  try {
    const { alone } = await post("/api/split", { id });
    card.alike = Math.max(0, card.alike - alone.length);
    zoom.grid.update(card);
    notice(alone.length === 1 ? `photo ${alone[0]} will be judged by itself` : `${photos(alone.length)} will be judged by themselves`);
    if (zoom.id === card.id) await zoom.show(card.id);
    zoom.dialog.focus();
  } catch (error) {
    notice(error.message, { wrong: true });
  }
}

function chance(label, share) {
  const bar = element("span.chance");
  bar.style.setProperty("--share", String(share));
  return element("li", {}, element("span", {}, label), bar, element("span.figure", {}, percent(share)));
}
