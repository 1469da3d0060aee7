// The reviewer's page: claims batches, hands answers in, and keeps the keys.

import { Attention } from "./attention.js";
import { offerColours } from "./colours.js";
import { byId, photos } from "./element.js";
import { facts } from "./facts.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { listen } from "./keys.js";
import { NUMBERED, keyed, labelButtons, named } from "./labels.js";
import { Lease } from "./lease.js";
import { notice } from "./notice.js";
import { Pace } from "./pace.js";
import { LoggedOut, get, post, session, toTheDoor } from "./server.js";
import { leftOut, outcomes, told, whyEmpty } from "./told.js";
import { Unsaved } from "./unsaved.js";
import { Zoom } from "./zoom.js";

const MOST_BESIDES = 1000;
const me = await session().catch((error) => toTheDoor(error.message));
if (!me) await new Promise(() => {}); // another page is on its way

const attention = new Attention();
const unsaved = new Unsaved(); // before the lease: at the page's end answers go first
const grid = new Grid({ onChange: shown, onZoom: (id) => zoom.show(id), onBulk: (label, ids) => say({ kind: "label", label }, ids) });
const zoom = new Zoom(grid, facts);
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
let mine = null; // what is in the reviewer's own hands elsewhere, where nothing else is left
const passed = new Set(); // what was left to others in this sitting: it is not shown again unless it is asked for

/** `answers`: so many photos' answers were in what failed. */
function failed(error, answers = 0) {
  if (!(error instanceof LoggedOut)) return notice(error.message, { wrong: true });
  const lost = answers + unsaved.photos;
  unsaved.abandon();
  toTheDoor(lost ? `${error.message}. The last ${lost === 1 ? "answer was" : `${lost} answers were`} not saved.` : error.message);
}

// ---------------------------------------------------------------- batches

/** Fill the page up; `fresh` tells that its photos are others now. */
async function claim({ fresh = false } = {}) {
  if (claiming || lease.away) return;
  claiming = true;
  const begun = round;
  const wanted = filters.count - grid.cards.size;
  try {
    const { items, full, mine: elsewhere } = wanted > 0 ? await post("/api/claim", { count: wanted, ...filters.chosen, besides: [...passed].slice(-MOST_BESIDES) }) : { items: [] };
    mine = elsewhere ?? null;
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

/** Whether its photo was there to be looked at, here or in full. */
const seen = (card) => grid.seen(card.id) || zoom.seen(card.id);

async function say(verdict, ids) {
  const wanted = ids.map((id) => grid.cards.get(id)).filter(Boolean);
  if (!wanted.length) return notice(grid.cards.size ? "no photo is selected" : "no photo is left");
  const cards = verdict.kind === "label" ? wanted.filter(seen) : wanted;
  const unseen = leftOut(wanted.length - cards.length);
  if (!cards.length) return notice(unseen, { wrong: true });
  const answered = cards.map((card) => card.id);
  const chosen = cards.length > 1 || grid.selected.size;
  const seconds = attention.take(cards.length);
  const items = cards.map((card) => ({ id: card.id, token: card.token, seconds, answer_shown: !card.blind && card.label !== null }));
  if (zoom.open && answered.includes(zoom.id)) zoom.next();
  grid.remove(answered);
  onward();
  pace.tally(cards.length);
  for (const id of answered) passed.add(id); // until the server says more
  try {
    const saved = unsaved.say(verdict, items);
    refill(); // after it, so that what is answered is in nobody's hands by then
    settled(verdict, cards, (await saved).answered, unseen);
  } catch (error) {
    pace.tally(-cards.length);
    for (const id of answered) passed.delete(id);
    grid.add(cards, { front: true });
    if (chosen && !grid.selected.size) grid.select(answered); // the same key answers them again
    failed(error, cards.length);
  }
  empty();
}

function settled(verdict, cards, answered, unseen) {
  const refused = answered.filter((one) => one.sentence);
  const gone = new Set(answered.filter((one) => one.outcome === "settled").map((one) => one.id));
  for (const one of answered) if (one.outcome !== "recorded") passed.delete(one.id);
  pace.tally(-refused.length);
  pace.settled(gone.size);
  filters.settled(cards.filter((card) => gone.has(card.id)));
  const sentences = [told(verdict, answered.length - refused.length), ...outcomes(refused), unseen];
  notice(sentences.filter(Boolean).join("; "), { wrong: refused.length > 0 || Boolean(unseen) });
}

/** After an answer: what has the frame now is seen, and the keys go to the grid unless they are elsewhere. */
function onward() {
  if (document.querySelector("dialog[open]")) return;
  if (document.activeElement === document.body) grid.focus();
  else grid.reveal();
}

async function undo() {
  try {
    const { undone, items } = await unsaved.undo();
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
  if (exhausted && !grid.cards.size) count();
  if (!exhausted && grid.cards.size <= filters.count / 4) claim({ fresh: !grid.cards.size });
}

// ---------------------------------------------------------------- what is shown

function shown() {
  const number = grid.selected.size;
  byId("selected").textContent = number ? `${photos(number)} selected` : grid.cards.size ? "the framed photo" : "no photo";
  for (const button of document.querySelectorAll("#actions button")) button.disabled = !grid.cards.size;
  byId("actions").classList.toggle("idle", !grid.cards.size); // nothing in it that could be reached by scrolling
}

function empty() {
  const none = !grid.cards.size && !claiming;
  byId("empty").hidden = !none;
  if (!none) return;
  const [title, why] = whyEmpty(filters.any, pace.waiting, mine);
  byId("empty-title").textContent = title;
  byId("empty-why").textContent = why;
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
const giveLabel = (label) => say({ kind: "label", label }, targets());

function ask(id, field) {
  if (!targets().length) return notice("no photo is selected");
  asked = targets();
  byId(id).showModal();
  if (field) byId(field).value = "";
  byId(field)?.focus();
}
let asked = [];

const look = () => (zoom.open ? zoom.magnify() : grid.focused !== null && zoom.show(grid.focused));

const KEYS = {
  n: () => say({ kind: "none" }, targets()),
  N: () => ask("name-box", "free-name"),
  c: () => say({ kind: "cant_tell" }, targets()),
  s: () => say({ kind: "skip" }, targets()),
  d: () => ask("later-box"),
  "/": () => ask("label-box", "label-name"),
  u: undo,
  z: look,
  Enter: look,
  a: () => !zoom.open && grid.select(grid.selected.size === grid.cards.size ? [] : grid.ids),
  "[": () => !zoom.open && filters.turn(-1),
  "]": () => !zoom.open && filters.turn(1),
  "?": () => byId("help").showModal(),
};

/** Give the label of that number; whether there is one. */
function byNumber(number) {
  const label = number <= NUMBERED ? me.labels[number - 1] : undefined;
  if (label !== undefined) giveLabel(label);
  return label !== undefined;
}

listen({ keys: KEYS, label: byNumber, grid, zoom });
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
byId("undo").addEventListener("click", undo);
byId("open-help").addEventListener("click", KEYS["?"]);
byId("actions").addEventListener("click", (event) => {
  if (event.detail && !document.querySelector("dialog[open]")) grid.focus(); // by mouse: the space bar selects again
});

/** The dialog closes first, so that the frame is seen, and has the keys, when its answer is given. */
function answer(id, verdict) {
  byId(id).close();
  say(verdict, asked);
  if (!document.querySelector("dialog[open]")) grid.focus();
}

byId("name-box").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  answer("name-box", { kind: "none", free_name: byId("free-name").value });
});
byId("label-box").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { label, wrong = "" } = named(me.labels, byId("label-name").value);
  byId("label-wrong").textContent = wrong;
  if (label !== undefined) answer("label-box", { kind: "label", label });
});
for (const button of document.querySelectorAll("[data-hours]")) {
  button.addEventListener("click", () => answer("later-box", { kind: "defer", hours: Number(button.dataset.hours) }));
}
byId("logout").addEventListener("click", async () => {
  if (!(await unsaved.saved())) return; // it is in the grid again, and why was said
  grid.clear(); // the server gives it back
  await post("/api/logout").catch(failed);
  location.replace("/login");
});

// ---------------------------------------------------------------- begin

const more = KEYS["/"];
byId("labels").append(...labelButtons(me.labels, giveLabel, more));
byId("zoom-labels").append(...labelButtons(me.labels, giveLabel, more));
byId("zoom-others").append(
  ...[["n", "none of these"], ["c", "can’t tell"], ["s", "skip"], ["d", "later"]].map(([key, name]) => keyed("button", key, name, KEYS[key])),
);
byId("label-list").append(...me.labels.map((label) => new Option("", label)));
byId("me").textContent = me.reviewer;
byId("figures").hidden = !me.figures;
byId("problem").textContent = me.problem ?? "";
byId("problem").hidden = !me.problem;
offerColours(byId("theme"));
setInterval(() => document.hidden || lease.away || count(), 30_000);
new ResizeObserver(() => document.documentElement.style.setProperty("--footer", `${byId("actions").offsetHeight}px`)).observe(byId("actions"));
shown();
await begin();
