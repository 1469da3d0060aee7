// Draws what was sent as a file: photos, stickers, videos, voice messages, documents.

import { element } from "./element.js";

export const fileUrl = (fileId, name) =>
  `/api/files/${encodeURIComponent(fileId)}${name ? `?name=${encodeURIComponent(name)}` : ""}`;

const seconds = (duration) => `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, "0")}`;

/** What kind of thing a message brings, in a word or two; "" for words alone. */
export function kindOf(message) {
  if (message.photo) return "Photo";
  if (message.sticker) return `${message.sticker.emoji ?? ""} Sticker`.trim();
  if (message.animation) return "GIF";
  if (message.video) return "Video";
  if (message.voice) return "Voice message";
  return message.document?.file_name ?? "";
}

/** The smallest picture of what a message brings, if there is one. */
export const thumbnailOf = (message) =>
  message.photo?.[0] ?? (message.video ?? message.animation ?? message.document)?.thumbnail;

export function photo(message, onPhoto) {
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

/** A video, or an animation, which plays by itself and silently. */
export function moving(message) {
  const { file_id, thumbnail, duration, mime_type } = message.animation ?? message.video;
  const isAnimation = Boolean(message.animation);
  const label = isAnimation ? "GIF" : `Video, ${seconds(duration)}`;
  if (mime_type === "image/gif") {
    return element("div.video", {}, element("img", { src: fileUrl(file_id), alt: "GIF" }), element("span.badge", {}, "GIF"));
  }
  const film = element("video", {
    src: fileUrl(file_id), poster: thumbnail ? fileUrl(thumbnail.file_id) : undefined, "aria-label": label,
    controls: !isAnimation, loop: isAnimation, muted: isAnimation, autoplay: isAnimation, preload: "metadata",
  });
  const badge = element("span.badge", {}, isAnimation ? "GIF" : seconds(duration));
  return element("div.video", {}, film, badge);
}

export function sticker(message) {
  const { file_id, emoji, width, height, is_animated, is_video } = message.sticker;
  const alt = `Sticker ${emoji ?? ""}`.trim();
  // A browser cannot play a packed Lottie: a picture stands for it.
  if (is_animated) return element("img.sticker.still", { src: "/page/bear.svg", alt: `Animated s${alt.slice(1)}`, title: "An animated sticker" });
  if (is_video) return element("video.sticker", { src: fileUrl(file_id), "aria-label": alt, autoplay: true, loop: true, muted: true });
  return element("img.sticker", { src: fileUrl(file_id), alt, width, height });
}

export function voice(message) {
  const { file_id, duration } = message.voice;
  return element("div.voice", {}, element("audio", { src: fileUrl(file_id), controls: true, preload: "none" }), element("small", {}, seconds(duration)));
}

function size(bytes) {
  return bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function file(message) {
  const { file_id, file_name, file_size, thumbnail } = message.document;
  const preview = thumbnail
    ? element("img", { src: fileUrl(thumbnail.file_id), alt: "" })
    : element("span.extension", {}, (file_name.split(".").pop() ?? "").slice(0, 4).toUpperCase());
  const link = element("a.file", { href: fileUrl(file_id, file_name), download: file_name });
  link.append(preview, element("span", {}, element("strong", {}, file_name), element("small", {}, size(file_size))));
  return link;
}
