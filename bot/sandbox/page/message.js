// Draws one message, or the messages of one album, as a bubble; what happened to a group as a line of its own.

import { avatar, element } from "./element.js";
import { file, fileUrl, kindOf, moving, photo, sticker, thumbnailOf, voice } from "./media.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s",
  code: "code", pre: "pre", blockquote: "blockquote", spoiler: "span",
};

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

/** What a message says in one line, for quotes. */
export function summary(message) {
  const words = message.text ?? message.caption ?? "";
  return [kindOf(message), words].filter(Boolean).join(", ") || happened(message) || "Message";
}

/** Who wrote it: a chat that speaks for itself, or a person. Posts in channels name no person. */
export const authorOf = (message) => (message.sender_chat
  ? { id: message.sender_chat.id, name: message.sender_chat.title, isBot: false }
  : { id: message.from.id, name: message.from.first_name, isBot: message.from.is_bot });

const names = (people) => people.map((one) => one.first_name).join(", ");

/** What happened to the group, in words; "" for what somebody said. */
export function happened(message) {
  const { name } = authorOf(message);
  if (message.new_chat_members) {
    const alone = message.new_chat_members.length === 1 && message.new_chat_members[0].id === message.from?.id;
    return alone ? `${name} joined` : `${name} added ${names(message.new_chat_members)}`;
  }
  if (message.left_chat_member) return `${names([message.left_chat_member])} left`;
  if (message.new_chat_photo) return `${name} changed the group's picture`;
  if (message.forum_topic_created) return `${name} opened the topic “${message.forum_topic_created.name}”`;
  if (message.migrate_to_chat_id) return "This group became a supergroup";
  if (message.migrate_from_chat_id) return "The group became this supergroup";
  return "";
}

/** The line of what happened. */
export function event(message) {
  const picture = message.new_chat_photo?.at(-1);
  return element(
    "div.event", { tabIndex: -1 }, element("span", {}, happened(message)),
    picture ? element("img", { src: fileUrl(picture.file_id), alt: "The new picture" }) : null,
  );
}

export function dayOf(message) {
  const date = new Date(message.date * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : calendar.format(date);
}

/** The text with its marks. Offsets are UTF-16 units, as JavaScript counts. */
function marked(text, entities, start, end, onCommand) {
  const nodes = [];
  let place = start;
  let rest = entities;
  while (rest.length) {
    const [entity, ...others] = rest;
    const stop = Math.min(entity.offset + entity.length, end);
    if (entity.offset > place) nodes.push(text.slice(place, entity.offset));
    const inner = others.filter((other) => other.offset < stop);
    nodes.push(mark(entity, text.slice(entity.offset, stop), marked(text, inner, entity.offset, stop, onCommand), onCommand));
    rest = others.filter((other) => other.offset >= stop);
    place = stop;
  }
  if (place < end) nodes.push(text.slice(place, end));
  return nodes;
}

function mark(entity, words, children, onCommand) {
  const link = entity.type === "text_link" ? entity.url : entity.type === "url" ? words : null;
  if (link && /^https?:/i.test(link)) {
    return element("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, ...children);
  }
  if (entity.type === "bot_command") {
    return element("button.command", { type: "button", onclick: () => onCommand(words) }, words);
  }
  const node = element(TAGS[entity.type] ?? "span", {}, ...children);
  node.classList.add(entity.type.replaceAll("_", "-"));
  return node;
}

function quote(message, onQuote) {
  const quoted = message.reply_to_message;
  if (!quoted || quoted.forum_topic_created) return null; // all in a topic answers what opened it
  const thumbnail = thumbnailOf(quoted);
  return element(
    "button.quote",
    { type: "button", onclick: () => onQuote(quoted.message_id), title: "Go to this message" },
    thumbnail ? element("img", { src: fileUrl(thumbnail.file_id), alt: "" }) : null,
    element("span", {}, element("strong", {}, authorOf(quoted).name), element("span.what", {}, summary(quoted))),
  );
}

function keyboard(message, onPress) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return element("div.keyboard", {}, ...rows.map((row) => element("div.row", {}, ...row.map((button) => {
    if (button.url) {
      const safe = /^https?:/i.test(button.url);
      return element("a", { href: safe ? button.url : undefined, target: "_blank", rel: "noopener noreferrer" }, `${button.text} ↗`);
    }
    const node = element("button", { type: "button" }, button.text);
    node.onclick = () => onPress(message, button.callback_data, node);
    return node;
  }))));
}

/** `messages` are one message, or those of one album. `on` has command, photo, quote, press and reply. */
export function bubble(messages, { mine, named, topic, on }) {
  const [first] = messages;
  const last = messages[messages.length - 1];
  const author = authorOf(first);
  const date = new Date(first.date * 1000);
  const body = element("div.bubble", {});
  if (named && !mine) body.append(element(`strong.sender.ink-${Math.abs(author.id) % 6}`, {}, author.name));
  if (topic) body.append(element("span.topic", {}, `# ${topic}`));
  const origin = first.forward_origin?.sender_user?.first_name;
  if (origin) body.append(element("span.origin", {}, `Forwarded from ${origin}`));
  const quoted = quote(first, on.quote);
  if (quoted) body.append(quoted);
  const shown = messages.filter((message) => message.photo || message.video || message.animation);
  if (shown.length) {
    body.classList.add("pictured");
    body.append(element(
      `div.photos.count-${Math.min(shown.length, 4)}`, {},
      ...shown.map((one) => (one.photo ? photo(one, on.photo) : moving(one))),
    ));
  }
  for (const message of messages) {
    if (message.sticker) { body.classList.add("bare"); body.append(sticker(message)); }
    if (message.voice) body.append(voice(message));
    if (message.document && !message.animation) body.append(file(message));
  }
  for (const message of messages) {
    const words = message.text ?? message.caption;
    if (!words) continue;
    const entities = message.entities ?? message.caption_entities ?? [];
    body.append(element("div.words", {}, ...marked(words, entities, 0, words.length, on.command)));
  }
  if (!body.querySelector(".words, .photos, .sticker, .voice, .file")) {
    body.append(element("div.words.unknown", {}, "A message that this page cannot show"));
  }
  const edited = messages.some((message) => message.edit_date) ? "edited " : "";
  body.append(element("time", { dateTime: date.toISOString(), title: exact.format(date) }, edited + clock.format(date)));
  const answer = element(
    "button.icon.answer",
    { type: "button", "aria-label": "Reply to this message", title: "Reply", onclick: () => on.reply(first) },
    "↩",
  );
  return element(
    `article.message${mine ? ".mine" : ""}`,
    { id: `message-${first.message_id}`, tabIndex: -1, "aria-label": `${author.name}, ${clock.format(date)}` },
    named && !mine ? avatar(author.id, author.name, author.isBot) : null,
    element("div.stack", {}, element("div.beside", {}, body, answer), keyboard(last, on.press)),
  );
}
