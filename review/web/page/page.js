// The reviewer's page: claims batches, hands answers in, and keeps the keys.

import { Attention } from "./attention.js";
import { offerColours } from "./colours.js";
import { byId, element, photos } from "./element.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { Lease } from "./lease.js";
import { notice } from "./notice.js";
import { Pace } from "./pace.js";
import { LoggedOut, get, post, session } from "./server.js";
import { Zoom } from "./zoom.js";

const MOST_BESIDES = 1000;
const me = await session().catch(() => location.replace("/login"));
if (!me) await new Promise(() => {}); // another page is on its way

const attention = new Attention();
const grid = new Grid({ onChange: shown, onZoom: (id) => zoom.show(id), onBulk: (label, ids) => say({ kind: "label", label }, ids) });
const zoom = new Zoom(grid);
const lease = new Lease(me.lease_seconds, attention, {
  held: () => inHand([...grid.cards.values()]),
  onLost: lost,
  onAway: away,
  onError: failed,
});
const filters = new Filters(me.labels, begin);
const pace = new Pace();
let claiming = false;
let round = 0; // of filters: what was claimed for another goes back
let exhausted = false;
const passed = new Set(); // what was left to others in this sitting: it is not shown again unless it is asked for

function failed(error) {
  if (error instanceof LoggedOut) location.replace("/login");
  else notice(error.message, { wrong: true });
}

// ---------------------------------------------------------------- batches

/** Fill the page up; `fresh` tells that its photos are others now. */
async function claim({ fresh = false } = {}) {
  if (claiming || lease.away) return;
  claiming = true;
  const begun = round;
  const wanted = filters.count - grid.cards.size;
  try {
    const { items, full } = wanted > 0 ? await post("/api/claim", { count: wanted, ...filters.chosen, besides: [...passed].slice(-MOST_BESIDES) }) : { items: [] };
    if (begun === round) arrived(items, wanted, full, fresh);
    else await release(items); // another group was chosen meanwhile
  } catch (error) {
    failed(error);
  } finally {
    claiming = false;
  }
  if (begun !== round) return claim({ fresh: true });
  empty();
  return count();
}

function arrived(items, wanted, full, fresh) {
  exhausted = items.length < wanted;
  if (fresh) attention.reset();
  if (!grid.cards.size) lease.begin();
  grid.add(items);
  if (full && !items.length) notice("you hold as many photos as one person may: finish or close another tab", { wrong: true });
  if (!grid.cards.size) zoom.close();
  else if (fresh && !document.querySelector("dialog[open]")) grid.focus();
}

const inHand = (cards) => cards.map(({ id, token }) => ({ id, token }));

async function release(cards) {
  if (cards.length) await post("/api/release", { items: inHand(cards) }).catch(failed);
}

/** Other photos: what is on the page goes back first. */
async function begin() {
  round += 1;
  exhausted = false;
  const cards = [...grid.cards.values()];
  grid.clear();
  await release(cards);
  await claim({ fresh: true });
}

function lost(ids) {
  if (ids.length === grid.cards.size) return away(); // the machine slept, say
  grid.lose(ids);
  notice(`${photos(ids.length)} went to somebody else: the time was up`, { wrong: true });
}

function away() {
  lease.away = true;
  zoom.close();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  const items = grid.cards.size;
  setTimeout(() => grid.clear()); // what is given back is read from the grid first
  byId("paused-why").textContent = items
    ? `${photos(items)} went back to the queue, so that others can see them.`
    : "New photos are looked for when you go on.";
  byId("paused").showModal();
}

byId("paused").addEventListener("close", () => {
  lease.begin();
  begin();
});
byId("resume").addEventListener("click", () => byId("paused").close());
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

// ---------------------------------------------------------------- answers

const OUTCOMES = { lost: "somebody else has it now", settled_before: "somebody else answered first", gone: "its photo was deleted", not_yours: "reviewers disagree: a moderator decides" };

async function say(verdict, ids) {
  const cards = ids.map((id) => grid.cards.get(id)).filter(Boolean);
  if (!cards.length) return notice(grid.cards.size ? "no photo is selected" : "no photo is left");
  if (verdict.kind === "label" && !verdict.label) return;
  const seconds = attention.take(cards.length);
  const items = cards.map((card) => ({ id: card.id, token: card.token, seconds, answer_shown: !card.blind && card.label !== null }));
  if (zoom.open && ids.includes(zoom.id)) zoom.next();
  grid.remove(ids);
  pace.tally(cards.length);
  refill();
  try {
    const { answered } = await post("/api/verdicts", { ...verdict, items });
    const refused = answered.filter((one) => one.sentence);
    pace.tally(-refused.length);
    for (const one of answered) if (one.outcome === "recorded") passed.add(one.id);
    pace.settled(answered.filter((one) => one.outcome === "settled").length);
    notice([told(verdict, answered.length - refused.length), ...outcomes(refused)].filter(Boolean).join("; "), { wrong: refused.length > 0 });
  } catch (error) {
    pace.tally(-cards.length);
    grid.add(cards, { front: true });
    failed(error);
  }
  empty();
}

function told(verdict, number) {
  if (!number) return "";
  const what = { label: verdict.label, none: verdict.free_name ? `none of these (${verdict.free_name})` : "none of these", cant_tell: "can’t tell", skip: "skipped", defer: "put off" }[verdict.kind];
  return `${photos(number)}: ${what}`;
}

function outcomes(refused) {
  if (refused.length === 1) return [refused[0].sentence];
  return Object.entries(OUTCOMES)
    .map(([outcome, sentence]) => [refused.filter((one) => one.outcome === outcome).length, sentence])
    .filter(([number]) => number)
    .map(([number, sentence]) => `${photos(number)}: ${sentence}`);
}

async function undo() {
  try {
    const { undone, items } = await post("/api/undo");
    pace.tally(-undone.length);
    for (const id of undone) passed.delete(id);
    grid.add(items, { front: true });
    grid.select(items.length > 1 ? items.map((item) => item.id) : []);
    if (items.length && zoom.open) zoom.show(items[0].id);
    else if (items.length) grid.focus(items[0].id);
    notice(`taken back: ${photos(undone.length)}${items.length < undone.length ? `, of which ${items.length} can be shown again` : ""}`);
    empty();
    count();
  } catch (error) {
    failed(error);
  }
}

/** Before the page runs out, so that nobody waits. */
function refill() {
  if (!exhausted && grid.cards.size <= filters.count / 4) claim({ fresh: !grid.cards.size });
}

// ---------------------------------------------------------------- what is shown

function shown() {
  const number = grid.selected.size;
  byId("selected").textContent = number ? `${photos(number)} selected` : grid.cards.size ? "the framed photo" : "no photo";
  for (const button of document.querySelectorAll("#actions button")) button.disabled = !grid.cards.size;
}

function empty() {
  const none = !grid.cards.size && !claiming;
  byId("empty").hidden = !none;
  if (!none) return;
  byId("empty-title").textContent = filters.any ? "Nothing waits here" : pace.waiting ? "Nothing waits for you" : "Nothing waits";
  byId("empty-why").textContent = filters.any
    ? "Choose another group, or any reason."
    : pace.waiting
      ? "What is left is in others’ hands or put off, or you left it to others."
      : "Every photo has its answer.";
}

/** What waits, by group. */
async function count() {
  try {
    const { groups } = await get("/api/groups");
    pace.waiting = groups.reduce((total, group) => total + group.items, 0);
    pace.show();
    filters.show(groups);
    empty();
  } catch (error) {
    failed(error);
  }
}

byId("again").addEventListener("click", () => {
  passed.clear();
  begin();
});

// ---------------------------------------------------------------- keys and buttons

const targets = () => (zoom.open ? [zoom.id] : grid.targets);
const byNumber = (number) => say({ kind: "label", label: me.labels[number - 1] }, targets());

function ask(id, field) {
  if (!targets().length) return notice("no photo is selected");
  asked = targets();
  byId(id).showModal();
  if (field) byId(field).value = "";
  byId(field)?.focus();
}
let asked = [];

const KEYS = {
  n: () => say({ kind: "none" }, targets()),
  N: () => ask("name-box", "free-name"),
  t: () => say({ kind: "cant_tell" }, targets()),
  s: () => say({ kind: "skip" }, targets()),
  d: () => ask("later-box"),
  l: () => ask("label-box", "label-name"),
  u: undo,
  z: () => (zoom.open ? zoom.magnify() : grid.focused !== null && zoom.show(grid.focused)),
  a: () => !zoom.open && grid.select(grid.selected.size === grid.cards.size ? [] : grid.ids),
  "[": () => !zoom.open && filters.turn(-1),
  "]": () => !zoom.open && filters.turn(1),
  "?": () => byId("help").showModal(),
};

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const { key, target } = event;
  if (target.closest("input, select, textarea")) return;
  const dialog = document.querySelector("dialog[open]:not(#zoom)");
  if (dialog) {
    if (dialog.id === "later-box" && "123".includes(key)) press(event, () => dialog.querySelectorAll("[data-hours]")[Number(key) - 1].click());
    return;
  }
  const onButton = target.closest("button, a, summary");
  if (key.startsWith("Arrow") || key === "Home" || key === "End") {
    if (!zoom.open) return press(event, () => grid.move(key, event.shiftKey));
    if (key === "ArrowLeft" || key === "ArrowRight") return press(event, () => zoom.step(key === "ArrowLeft" ? -1 : 1));
    return;
  }
  if (key === "Enter" && !onButton) return press(event, KEYS.z);
  if (key === " " && !onButton && !zoom.open) return press(event, () => grid.focused !== null && (grid.focus(), grid.toggle(grid.focused)));
  if (key === "Escape" && !zoom.open) return press(event, () => grid.select([]));
  if (/^[1-9]$/.test(key)) {
    if (Number(key) <= me.labels.length) press(event, () => byNumber(Number(key)));
    return;
  }
  if (event.repeat && key !== "u") return; // a key that is held down answers once
  // Caps lock changes nothing; shift does.
  const action = KEYS[/^[a-z]$/i.test(key) ? (event.shiftKey ? key.toUpperCase() : key.toLowerCase()) : key];
  if (action) press(event, action);
}

function press(event, action) {
  event.preventDefault();
  action();
}

document.addEventListener("keydown", onKey);
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
byId("undo").addEventListener("click", undo);
byId("open-help").addEventListener("click", KEYS["?"]);
byId("name-box").querySelector("form").addEventListener("submit", () => say({ kind: "none", free_name: byId("free-name").value }, asked));
byId("label-box").querySelector("form").addEventListener("submit", (event) => {
  const given = byId("label-name").value.trim().toLowerCase();
  const label = me.labels.find((one) => one.toLowerCase() === given) ?? me.labels.find((one) => given && one.toLowerCase().startsWith(given));
  byId("label-wrong").textContent = label ? "" : `no such label: ${me.labels.join(", ")}`;
  if (!label) return event.preventDefault();
  say({ kind: "label", label }, asked);
});
for (const button of document.querySelectorAll("[data-hours]")) {
  button.addEventListener("click", () => {
    byId("later-box").close();
    say({ kind: "defer", hours: Number(button.dataset.hours) }, asked);
  });
}
byId("logout").addEventListener("click", async () => {
  grid.clear(); // the server gives it back
  await post("/api/logout").catch(failed);
  location.replace("/login");
});

// ---------------------------------------------------------------- begin

const labelButton = (label, number) => {
  const button = element("button.label", { type: "button" }, number <= 9 ? element("kbd", {}, String(number)) : null, label);
  button.addEventListener("click", () => say({ kind: "label", label }, targets()));
  return button;
};
byId("labels").append(...me.labels.map((label, place) => labelButton(label, place + 1)));
byId("zoom-labels").append(
  ...me.labels.map((label, place) => labelButton(label, place + 1)),
  ...[["n", "none of these"], ["t", "can’t tell"], ["s", "skip"]].map(([key, name]) => {
    const button = element("button", { type: "button" }, element("kbd", {}, key), name);
    button.addEventListener("click", () => KEYS[key]());
    return button;
  }),
);
byId("label-list").append(...me.labels.map((label) => element("option", { value: label })));
byId("me").textContent = me.reviewer;
byId("figures").hidden = !me.figures;
byId("problem").textContent = me.problem ?? "";
byId("problem").hidden = !me.problem;
offerColours(byId("theme"));
setInterval(() => document.hidden || lease.away || count(), 30_000);
shown();
await begin();
