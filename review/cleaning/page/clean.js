// The cleaning page: shows a group of photos, hands decisions in, and keeps the keys.

import { offerColours } from "./colours.js";
import { byId, photos } from "./element.js";
import { Groups } from "./groups.js";
import { listen } from "./keys.js";
import { NUMBERED, keyed, labelButtons, named } from "./labels.js";
import { notice } from "./notice.js";
import { Photos, accepted, facts } from "./photos.js";
import { LoggedOut, get, post, session, toTheDoor } from "./server.js";
import { Zoom } from "./zoom.js";

const AT_ONCE = 60; // photos that are shown, and again as many for who wants more
const MOST = 2000; // that the server gives
const LOOKS_MS = 4000; // whether something was decided in another tab, or by a command
const SLOW_MS = 700; // that a decision takes until it is told
const MOST_BYTES = 60_000; // that a browser sends on after a page's end

const me = await session().catch((error) => toTheDoor(error.message));
if (!me) await new Promise(() => {}); // another page is on its way

let state = { revision: null, labels: [], groups: [], suspects: 0, looked_at: 0, left: 0 };
let wanted = AT_ONCE;
let asked = []; // the photos that a dialog is about
let confirmed = null; // a new label that is to be made if it is given once more
let changes = 0; // decisions and undos, at their beginning and their end: what was asked for before is old then
const pending = new Set(); // photos whose decision is on its way
const grid = new Photos({ onChange: shown, onZoom: (id) => zoom.show(id), onBulk: bulk });
const zoom = new Zoom(grid, facts);
const groups = new Groups(begin);

function failed(error) {
  if (error instanceof LoggedOut) return toTheDoor(error.message);
  return notice(error.message, { wrong: true });
}

// ---------------------------------------------------------------- photos

/** Bring the page up to date: what is no more in the group goes, what is new comes. */
async function load({ focus = false } = {}) {
  const key = groups.chosen;
  const before = changes;
  try {
    const { photos: found, ...now } = await get(`/api/photos?group=${encodeURIComponent(key)}&count=${wanted}`);
    if (key !== groups.chosen) return; // another group was chosen meanwhile
    if (before !== changes) return load({ focus });
    told(now);
    const here = new Map(found.map((card) => [card.id, card]));
    const gone = grid.ids.filter((id) => !same(grid.cards.get(id), here.get(id)));
    if (gone.includes(zoom.id) && !here.has(zoom.id)) zoom.next();
    grid.remove(gone);
    grid.add(found.filter((card) => !grid.cards.has(card.id) && !pending.has(card.id)));
    if (!grid.cards.size) zoom.close();
    else if (focus && !document.querySelector("dialog[open]")) grid.focus();
    byId("main").setAttribute("aria-busy", "false");
  } catch (error) {
    byId("main").setAttribute("aria-busy", "false");
    if (key === "suspects" || error instanceof LoggedOut || groups.group) return failed(error);
    groups.chosen = "suspects"; // kept from another folder
    return load({ focus });
  }
}

const same = (one, other) => other !== undefined && JSON.stringify(one.decision) === JSON.stringify(other.decision);

/** Another group. */
function begin() {
  wanted = AT_ONCE;
  grid.kind = groups.group?.kind ?? "suspects";
  grid.clear();
  zoom.close();
  scrollTo(0, 0);
  byId("main").setAttribute("aria-busy", "true");
  return load({ focus: true });
}

/** What the server says of all photos. */
function told(now) {
  const labels = now.labels.join("\n") !== state.labels.join("\n");
  state = { ...state, ...now };
  groups.show(state.groups);
  grid.kind = groups.group.kind;
  byId("looked-at").textContent = state.looked_at.toLocaleString("en");
  byId("suspects").textContent = state.suspects.toLocaleString("en");
  const share = state.suspects ? Math.round((100 * state.looked_at) / state.suspects) : 100;
  byId("bar").setAttribute("aria-valuenow", String(share));
  byId("bar").firstElementChild.style.width = `${share}%`;
  if (labels) offerLabels();
  shown();
}

async function look() {
  if (document.hidden || pending.size) return;
  try {
    const now = await get("/api/state");
    if (now.revision !== state.revision && !pending.size) await load();
  } catch (error) {
    if (error instanceof LoggedOut) failed(error); // a server that has ended is told at the next decision
  }
}

byId("more").addEventListener("click", async () => {
  const last = grid.ids.at(-1);
  wanted = Math.min(MOST, wanted + AT_ONCE);
  await load();
  const next = grid.neighbour(last, 1);
  if (next !== null) grid.focus(next);
});

// ---------------------------------------------------------------- decisions

/** Whether it could be looked at; what cannot be shown can only be removed. */
const judged = (decision) => (card) =>
  grid.seen(card.id) || zoom.seen(card.id) || (decision.action === "remove" && grid.node(card.id)?.classList.contains("broken"));

async function decide(decision, ids) {
  const meant = ids.map((id) => grid.cards.get(id)).filter(Boolean);
  if (!meant.length) return notice(grid.cards.size ? "no photo is selected" : "no photo is left here");
  const cards = meant.filter(judged(decision));
  const unseen = meant.length - cards.length ? `${photos(meant.length - cards.length)} left out: not shown yet` : "";
  if (!cards.length) return notice(unseen, { wrong: true });
  const numbers = cards.map((card) => card.id);
  const chosen = cards.length > 1 || grid.selected.size;
  const stays = groups.group?.kind === "decided";
  const body = { ...decision, group: groups.chosen, items: cards.map((card) => ({ id: card.id, seen: card.decision })) };
  if (zoom.open && numbers.includes(zoom.id)) zoom.next();
  if (!stays) grid.remove(numbers);
  onward();
  changes += 1;
  for (const id of numbers) pending.add(id);
  const slow = setTimeout(() => (byId("saving").hidden = false), SLOW_MS);
  const group = groups.chosen;
  try {
    const { decided, refused, photos: back, ...now } = await post("/api/decide", body, { keepalive: JSON.stringify(body).length < MOST_BYTES });
    if (group === groups.chosen) {
      grid.remove(numbers);
      grid.add(back, { front: true });
      if (stays && !document.querySelector("dialog[open]")) grid.focus();
    }
    told(now);
    const sentences = [decided ? `${photos(decided)}: ${inWords(decision, cards)}` : "", ...refused.slice(0, 3).map((one) => one.sentence), refused.length > 3 ? `and ${refused.length - 3} more` : "", unseen];
    notice(sentences.filter(Boolean).join("; "), { wrong: refused.length > 0 || Boolean(unseen) });
  } catch (error) {
    if (group === groups.chosen && !stays) {
      grid.add(cards, { front: true });
      if (chosen && !grid.selected.size) grid.select(numbers); // the same key decides about them again
    }
    failed(error);
  } finally {
    changes += 1;
    for (const id of numbers) pending.delete(id);
    clearTimeout(slow);
    if (!pending.size) byId("saving").hidden = true;
  }
  refill();
}

function inWords({ action, label }, cards) {
  if (action === "keep") return "kept";
  if (action === "remove") return "removed from the set";
  if (action === "relabel") return label;
  const all = new Set(cards.map(accepted));
  return all.size === 1 ? { keep: "kept", remove: "removed from the set" }[[...all][0]] ?? [...all][0] : "as suggested";
}

/** A section's button: what it suggests for all of it. */
function bulk(key, ids) {
  return decide({ action: key.startsWith("label/") ? "keep" : "accept" }, ids);
}

async function undo() {
  const group = groups.chosen;
  try {
    const { undone, photos: back, ...now } = await post("/api/undo", { group });
    changes += 1;
    if (group === groups.chosen) {
      grid.remove(back.map((card) => card.id));
      grid.add(back, { front: true });
      grid.select(back.length > 1 ? back.map((card) => card.id) : []);
      if (back.length && zoom.open) zoom.show(back[0].id);
      else if (back.length) grid.focus(back[0].id);
    }
    told(now);
    const elsewhere = groups.group.kind !== "decided" && back.length < undone ? `; ${back.length ? `${photos(undone - back.length)} of them in` : "back in"} another group` : "";
    notice(`taken back: ${photos(undone)}${elsewhere}`);
    if (groups.group.kind === "decided") await load();
  } catch (error) {
    failed(error);
  }
}

/** After a decision: what has the frame now is seen, and the keys go to the photos unless they are elsewhere. */
function onward() {
  if (document.querySelector("dialog[open]")) return;
  if (document.activeElement === document.body) grid.focus();
  else grid.reveal();
}

/** Before the page runs out, so that nobody waits. */
function refill() {
  if (grid.cards.size <= wanted / 2 && grid.cards.size < (groups.group?.photos ?? 0)) load({ focus: !grid.cards.size });
}

window.addEventListener("beforeunload", (event) => pending.size && event.preventDefault());

// ---------------------------------------------------------------- what is shown

const targets = () => (zoom.open ? [zoom.id] : grid.targets);

function shown() {
  const number = grid.selected.size;
  byId("selected").textContent = number ? `${photos(number)} selected` : grid.cards.size ? "the framed photo" : "no photo";
  for (const button of document.querySelectorAll("#actions button")) button.disabled = !grid.cards.size;
  byId("actions").classList.toggle("idle", !grid.cards.size); // nothing in it that could be reached by scrolling
  const suggested = new Set(grid.targets.map((id) => accepted(grid.cards.get(id))));
  byId("accept").querySelector(".name").textContent = suggested.size === 1 ? `accept: ${[...suggested][0]}` : "accept suggestions";
  const all = groups.group?.photos ?? 0;
  byId("more-row").hidden = !grid.cards.size || grid.cards.size >= all || wanted >= MOST || pending.size > 0;
  byId("more").textContent = `Show more (${photos(Math.max(0, all - grid.cards.size))} left)`;
  empty(all);
}

function empty(all) {
  const none = !grid.cards.size && !all && state.revision !== null;
  byId("empty").hidden = !none;
  if (!none) return;
  const group = groups.group;
  const left = state.left ? `${photos(state.left)} ${state.left === 1 ? "was" : "were"} not looked at: nothing speaks against their labels, but nobody has checked.` : "Every photo was looked at.";
  const [title, why] =
    group.kind === "decided"
      ? ["Nothing is decided yet", "What you decide comes here, and can be changed here."]
      : group.kind === "label"
        ? [`All filed as ${group.label} is decided`, "Choose another group."]
        : state.looked_at < state.suspects
          ? ["Nothing is left in this group", `${photos(state.suspects - state.looked_at)} in others may be filed wrongly.`]
          : ["Nothing suspicious is left", left];
  byId("empty-title").textContent = title;
  byId("empty-why").textContent = why;
  byId("next").hidden = state.looked_at >= state.suspects;
  byId("empty-next").hidden = !byId("next").hidden || group.kind === "decided";
}

// ---------------------------------------------------------------- keys and buttons

const relabel = (label) => decide({ action: "relabel", label }, targets());

function askForLabel() {
  if (!targets().length) return notice("no photo is selected");
  asked = targets();
  confirmed = null;
  byId("label-wrong").textContent = "";
  byId("label-box").showModal();
  byId("label-name").value = "";
  byId("label-name").focus();
}

const KEYS = {
  Enter: () => decide({ action: "accept" }, targets()),
  k: () => decide({ action: "keep" }, targets()),
  x: () => decide({ action: "remove" }, targets()),
  n: () => decide({ action: "remove" }, targets()),
  "/": askForLabel,
  u: undo,
  z: () => (zoom.open ? zoom.magnify() : grid.focused !== null && zoom.show(grid.focused)),
  a: () => !zoom.open && grid.select(grid.selected.size === grid.cards.size ? [] : grid.ids),
  "[": () => !zoom.open && groups.turn(-1),
  "]": () => !zoom.open && groups.turn(1),
  "?": () => byId("help").showModal(),
};

/** Give the label of that number; whether there is one. */
function byNumber(number) {
  const label = number <= NUMBERED ? state.labels[number - 1] : undefined;
  if (label !== undefined) relabel(label);
  return label !== undefined;
}

byId("next").addEventListener("click", () => groups.next());
listen({ keys: KEYS, label: byNumber, grid, zoom });
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => KEYS[button.dataset.key]());
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
byId("undo").addEventListener("click", undo);
byId("open-help").addEventListener("click", KEYS["?"]);
byId("actions").addEventListener("click", (event) => {
  if (event.detail && !document.querySelector("dialog[open]")) grid.focus(); // by mouse: the space bar selects again
});

byId("label-box").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = byId("label-name").value.trim().replace(/\s+/g, " ");
  if (!given) return;
  const { label, wrong } = named(state.labels, given);
  const none = label === undefined && !state.labels.some((one) => one.toLowerCase().startsWith(given.toLowerCase()));
  if (label === undefined && (!none || confirmed !== given)) {
    confirmed = none ? given : null;
    byId("label-wrong").textContent = none ? `There is no label “${given}” yet. Once more makes it a new label.` : wrong;
    return;
  }
  byId("label-box").close();
  decide({ action: "relabel", label: label ?? given, new: label === undefined }, asked);
  if (!document.querySelector("dialog[open]")) grid.focus();
});

function offerLabels() {
  byId("labels").replaceChildren(...labelButtons(state.labels, relabel, askForLabel));
  byId("zoom-labels").replaceChildren(...labelButtons(state.labels, relabel, askForLabel));
  byId("label-list").replaceChildren(...state.labels.map((label) => new Option("", label)));
}

// ---------------------------------------------------------------- begin

byId("zoom-others").append(
  ...[["Enter", "↵", "accept"], ["k", "k", "keep"], ["x", "x", "remove"], ["/", "/", "other label"]].map(([key, sign, name]) => keyed("button", sign, name, KEYS[key])),
);
byId("folder").textContent = me.folder;
byId("folder").title = me.folder;
document.title = `${me.folder} · Clean · Bearbot`;
offerColours(byId("theme"));
setInterval(look, LOOKS_MS);
document.addEventListener("visibilitychange", look);
new ResizeObserver(() => document.documentElement.style.setProperty("--footer", `${byId("actions").offsetHeight}px`)).observe(byId("actions"));
shown();
await load({ focus: true });
