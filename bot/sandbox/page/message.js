// Draws one message, or the messages of one album, as a bubble.

import { avatar, element } from "./element.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s",
  code: "code", pre: "pre", blockquote: "blockquote", spoiler: "span",
};

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

export const fileUrl = (fileId, name) =>
  `/api/files/${encodeURIComponent(fileId)}${name ? `?name=${encodeURIComponent(name)}` : ""}`;

/** What a message says in one line, for quotes. */
export function summary(message) {
  const words = message.text ?? message.caption ?? "";
  const kind = message.photo ? "Photo" : message.document ? message.document.file_name : "";
  return [kind, words].filter(Boolean).join(", ");
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

function photo(message, onPhoto) {
  const sizes = message.photo;
  const largest = sizes[sizes.length - 1];
  const shown = sizes.find((size) => Math.max(size.width, size.height) >= 800) ?? largest;
  const alt = message.caption ? `Photo: ${message.caption}` : "Photo";
  const image = element("img", { src: fileUrl(shown.file_id), alt, width: shown.width, height: shown.height });
  return element(
    "button.photo",
    { type: "button", "aria-label": `Open: ${alt}`, onclick: () => onPhoto(fileUrl(largest.file_id)) },
    image,
  );
}

function size(bytes) {
  return bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function file(message) {
  const { file_id, file_name, file_size, thumbnail } = message.document;
  const preview = thumbnail
    ? element("img", { src: fileUrl(thumbnail.file_id), alt: "" })
    : element("span.extension", {}, (file_name.split(".").pop() ?? "").slice(0, 4).toUpperCase());
  const link = element("a.file", { href: fileUrl(file_id, file_name), download: file_name });
  link.append(preview, element("span", {}, element("strong", {}, file_name), element("small", {}, size(file_size))));
  return link;
}

function quote(message, onQuote) {
  const quoted = message.reply_to_message;
  if (!quoted) return null;
  const thumbnail = quoted.photo?.[0] ?? quoted.document?.thumbnail;
  return element(
    "button.quote",
    { type: "button", onclick: () => onQuote(quoted.message_id), title: "Go to this message" },
    thumbnail ? element("img", { src: fileUrl(thumbnail.file_id), alt: "" }) : null,
    element("span", {}, element("strong", {}, quoted.from.first_name), element("span.what", {}, summary(quoted))),
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
export function bubble(messages, { mine, named, on }) {
  const [first] = messages;
  const last = messages[messages.length - 1];
  const sender = first.from;
  const date = new Date(first.date * 1000);
  const body = element("div.bubble", {});
  if (named && !mine) body.append(element(`strong.sender.ink-${sender.id % 6}`, {}, sender.first_name));
  const quoted = quote(first, on.quote);
  if (quoted) body.append(quoted);
  const photos = messages.filter((message) => message.photo);
  if (photos.length) {
    body.classList.add("pictured");
    body.append(element(`div.photos.count-${Math.min(photos.length, 4)}`, {}, ...photos.map((one) => photo(one, on.photo))));
  }
  for (const message of messages) if (message.document) body.append(file(message));
  for (const message of messages) {
    const words = message.text ?? message.caption;
    if (!words) continue;
    const entities = message.entities ?? message.caption_entities ?? [];
    body.append(element("div.words", {}, ...marked(words, entities, 0, words.length, on.command)));
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
    { id: `message-${first.message_id}`, tabIndex: -1, "aria-label": `${sender.first_name}, ${clock.format(date)}` },
    named && !mine ? avatar(sender.id, sender.first_name, sender.is_bot) : null,
    element("div.stack", {}, element("div.beside", {}, body, answer), keyboard(last, on.press)),
  );
}
