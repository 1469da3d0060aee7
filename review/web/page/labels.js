// The labels: by number, by name, and as buttons.

import { element } from "./element.js";

export const NUMBERED = 9;
const MOST_BUTTONS = 12; // beyond them there are those that have a key, and "more"

const plain = (name) => name.trim().replace(/\s+/g, " ").toLowerCase();

/** The label that is meant: by its name, or by a beginning that only one has; else {wrong: why not}. */
export function named(labels, given) {
  const wanted = plain(given);
  if (labels.includes(given)) return { label: given };
  const same = labels.filter((label) => plain(label) === wanted);
  const found = same.length || !wanted ? same : labels.filter((label) => plain(label).startsWith(wanted));
  if (found.length === 1) return { label: found[0] };
  if (found.length) return { wrong: `more than one label begins so: ${listed(found)}` };
  return { wrong: `no such label: ${listed(labels)}` };
}

const listed = (labels) => (labels.length > MOST_BUTTONS ? `${labels.slice(0, MOST_BUTTONS).join(", ")}, and ${labels.length - MOST_BUTTONS} more` : labels.join(", "));

/** Their buttons; `say(label)` for one, `more()` for the rest by name. */
export function labelButtons(labels, say, more) {
  const shown = labels.length > MOST_BUTTONS ? labels.slice(0, NUMBERED) : labels;
  const buttons = shown.map((label, place) => keyed("button.label", place < NUMBERED ? String(place + 1) : null, label, () => say(label)));
  return shown.length < labels.length ? [...buttons, keyed("button", "/", `more (${labels.length - shown.length})`, more)] : buttons;
}

/** A button that tells its key. */
export function keyed(kind, key, name, onclick) {
  const button = element(kind, { type: "button", title: name }, key === null ? null : element("kbd", {}, key), element("span.name", {}, name));
  button.addEventListener("click", onclick);
  return button;
}
