// Tells what happened: in a corner for the eye, and to screen readers.

import { byId } from "./element.js";

let timer = null;

export function notice(text, { wrong = false } = {}) {
  const toast = byId("toast");
  // In an open dialog, or it would lie behind it and be inert.
  const open = [...document.querySelectorAll("dialog[open]")].at(-1);
  (open ?? document.body).append(toast);
  toast.textContent = text;
  toast.classList.toggle("wrong", wrong);
  toast.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => toast.classList.remove("shown"), wrong ? 7000 : 3000);
}
