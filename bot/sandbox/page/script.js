// The chat page: keeps what one person sees and passes events to the parts that draw it.
// The address says who you are: #1001 is person 1001 with the bot, #1001/-100200 the same person in a group,
// #1001/-100200/7 in its topic 7.

import { Composer } from "./composer.js";
import { avatar, byId, element } from "./element.js";
import { Log } from "./log.js";
import { address, drawPeople, listenForPeople, toggle } from "./people.js";
import { Stream, people, post } from "./server.js";

const ACTION_SECONDS = 5; // as long as Telegram shows that somebody is typing
const ANSWER_SECONDS = 15; // as long as a pressed button waits
const ACTIONS = { typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…" };

let overview = null; // {me, bot, people, chats}
let messages = new Map(); // chat id -> messages, oldest first
let person = null;
let chat = null;
let topic = null; // of a forum; null: all of it
let busy = null; // timer of the shown action
let unseen = 0;
const pressed = new Map(); // query id -> button
const early = new Set(); // answers that came before we knew the id of our query

const composer = new Composer({ send: say, complain });
const log = new Log({ command: (words) => composer.submit(words), photo: view, press, reply: (message) => composer.quote(message) });
const stream = new Stream(onEvent, onLost);

function chosen() {
  const [who, where, thread] = location.hash.slice(1).split("/").map(Number);
  return { who: who || null, where: where || who || null, thread: thread || null };
}

async function choose() {
  let { who, where, thread } = chosen();
  if (who === null) {
    try {
      who = where = (await people())[0].id;
    } catch {
      stream.later(choose);
      return;
    }
    history.replaceState(null, "", address(who));
  }
  const samePerson = who === person;
  person = who;
  chat = where;
  topic = thread;
  composer.clear();
  log.clear();
  if (samePerson && overview) draw(true);
  else stream.open(who);
}

function onEvent(kind, data) {
  if (kind === "snapshot") {
    messages = new Map(Object.entries(data.messages).map(([id, list]) => [Number(id), list]));
    overview = data;
    setBusy(null);
    draw(true);
    composer.focus();
  } else if (kind === "overview") {
    overview = data;
    // A chat that the address named may be there only now.
    const before = chat;
    chat = chosen().where;
    topic = chosen().thread;
    draw(chat !== before);
  } else if (kind === "action") {
    if (data.chat_id === chat) setBusy(ACTIONS[data.action] ?? `${data.action.replaceAll("_", " ")}…`);
  } else if (kind === "answer") {
    onAnswer(data);
  } else {
    change(kind, data.chat_id, data.message);
  }
}

function change(kind, chatId, message) {
  const before = messages.get(chatId) ?? [];
  const others = before.filter((one) => one.message_id !== message.message_id);
  if (kind === "deleted") messages.set(chatId, others);
  else if (others.length < before.length) messages.set(chatId, before.map((one) => (one.message_id === message.message_id ? message : one)));
  else messages.set(chatId, [...before, message]);
  if (chatId !== chat) return;
  const mine = message.from?.id === person;
  if (kind === "message" && !mine) {
    setBusy(null);
    log.arrived();
    if (document.hidden) unseen += 1;
  }
  draw(false, kind === "message" && mine);
}

function draw(jump = false, follow = false) {
  const here = overview.chats.find(({ id }) => id === chat) ?? overview.chats[0];
  chat = here.id;
  const isPrivate = here.type === "private";
  const topics = new Map(here.topics.map(({ id, name }) => [id, name]));
  if (!topics.has(topic)) topic = null;
  drawPeople(overview, person, chat, topic);
  byId("chat-title").textContent = isPrivate ? overview.bot.name : topic ? `${here.title} # ${topics.get(topic)}` : here.title;
  const picture = isPrivate ? avatar(0, overview.bot.name, true) : avatar(here.id, here.title);
  picture.id = "chat-avatar";
  byId("chat-avatar").replaceWith(picture);
  byId("me").replaceChildren(avatar(person, overview.me.name), element("span", {}, overview.me.name));
  byId("me").title = `You are ${overview.me.name}, ${overview.me.role}`;
  if (!busy) showStatus(isPrivate ? "bot" : `${here.members} members, @${overview.bot.username} is one of them`);
  composer.commands = here.commands;
  const all = messages.get(chat) ?? [];
  const shown = topic ? all.filter((message) => message.message_thread_id === topic) : all;
  log.draw(shown, { me: person, named: !isPrivate, topics: topic ? new Map() : topics, welcome: welcome(isPrivate), jump: jump || follow });
  title();
}

function welcome(isPrivate) {
  const about = overview.bot.description || "This is the beginning of the conversation. Send a photo, or press Start.";
  const card = element("div.welcome", {}, element("img", { src: "/page/bear.svg", alt: "" }));
  if (overview.bot.description) card.append(element("strong", {}, "What can this bot do?"));
  card.append(element("p", {}, about));
  if (isPrivate) card.append(element("button.primary", { type: "button", onclick: () => composer.submit("/start") }, "Start"));
  return card;
}

async function say({ text, files, asFile, quoted }) {
  const fields = { person, chat, text, as_file: asFile };
  if (topic) fields.topic = topic;
  if (quoted) fields.reply_to = quoted.message_id;
  files.forEach((file, place) => { fields[`file${place}`] = file; });
  await post("/api/say", fields);
}

async function press(message, data, button) {
  button.classList.add("waiting");
  try {
    const { query_id } = await post("/api/press", { person, chat, message_id: message.message_id, data });
    if (early.delete(query_id)) return button.classList.remove("waiting");
    pressed.set(query_id, button);
    setTimeout(() => release(query_id), ANSWER_SECONDS * 1000);
  } catch (error) {
    button.classList.remove("waiting");
    complain(error.message);
  }
}

function release(queryId) {
  pressed.get(queryId)?.classList.remove("waiting");
  return pressed.delete(queryId);
}

function onAnswer({ query_id, text, show_alert, url }) {
  if (!release(query_id)) early.add(query_id);
  if (text && show_alert) {
    byId("alert-text").textContent = text;
    byId("alert").showModal();
  } else if (text) {
    toast(text);
  }
  if (url && /^https?:/i.test(url)) open(url, "_blank", "noopener");
}

let toastTimer = null;
function toast(text, isError = false) {
  const node = byId("toast");
  node.textContent = text;
  node.classList.toggle("error", isError);
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 4000);
}

function complain(text) { toast(`${text[0].toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, "."), true); }

function view(url) {
  byId("viewer-photo").src = url;
  byId("viewer").showModal();
}
byId("viewer").onclick = () => byId("viewer").close();

function showStatus(text, kind = "") {
  byId("status").textContent = text;
  byId("status").className = kind;
}

function setBusy(text) {
  clearTimeout(busy);
  busy = text === null ? null : setTimeout(() => { busy = null; draw(); }, ACTION_SECONDS * 1000);
  if (text !== null) showStatus(text, "busy");
}

function onLost(refused) {
  clearTimeout(busy);
  busy = null;
  showStatus("reconnecting…", "lost");
  if (!refused) return;
  // A restarted sandbox may not know this person: be the first one then.
  stream.later(async () => {
    try {
      const known = await people();
      if (!known.some(({ id }) => id === person)) location.hash = address(known[0].id);
      else stream.open(person);
    } catch {
      onLost(true);
    }
  });
}

function title() {
  document.title = `${unseen ? `(${unseen}) ` : ""}${overview.me.name} – ${overview.bot.name} sandbox`;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  if (overview) title();
});
addEventListener("keydown", (event) => { if (event.key === "Escape") toggle(false); });
addEventListener("hashchange", choose);
listenForPeople({
  addPerson: async (form) => { location.hash = address((await post("/api/people", { name: form.get("name"), role: "asker" })).id); },
  addGroup: async (form) => {
    const { id } = await post("/api/groups", { person, title: form.get("title"), topics: form.get("topics") ?? "" });
    location.hash = address(person, id);
  },
  complain,
});
choose();
