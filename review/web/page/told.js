// What became of an answer, in words.

import { photos } from "./element.js";

const OUTCOMES = { lost: "somebody else has it now", settled_before: "somebody else answered first", gone: "its photo was deleted", not_yours: "reviewers disagree: a moderator decides" };

export function told(verdict, number) {
  if (!number) return "";
  const what = { label: verdict.label, none: verdict.free_name ? `none of these (${verdict.free_name})` : "none of these", cant_tell: "can’t tell", skip: "skipped", defer: "put off" }[verdict.kind];
  return `${photos(number)}: ${what}`;
}

export function outcomes(refused) {
  if (refused.length === 1) return [refused[0].sentence];
  return Object.entries(OUTCOMES)
    .map(([outcome, sentence]) => [refused.filter((one) => one.outcome === outcome).length, sentence])
    .filter(([number]) => number)
    .map(([number, sentence]) => `${photos(number)}: ${sentence}`);
}

export const leftOut = (number) => (number ? `${photos(number)} left out: no label for what was not shown` : "");

/** Why nothing is on the page; `mine` is what is in the reviewer's own hands elsewhere, {items, seconds} or null. */
export function whyEmpty(filtered, waiting, mine) {
  if (mine) {
    const minutes = Math.max(1, Math.ceil(mine.seconds / 60));
    const held = mine.items === 1 ? "1 photo is" : `${mine.items.toLocaleString("en")} photos are`;
    return ["Nothing waits for you here", `${held} in your own hands: in another tab or program of yours, or held by one that ended. What nobody works on comes back within ${minutes} min.`];
  }
  if (filtered) return ["Nothing waits here", "Choose another group, or any reason."];
  if (waiting) return ["Nothing waits for you", "What is left is in others’ hands or put off, or you left it to others."];
  return ["Nothing waits", "Every photo has its answer."];
}
