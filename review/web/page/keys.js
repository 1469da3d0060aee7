// The keys of the page: digits label, letters do what `keys` says, arrows move the frame.

import { notice } from "./notice.js";

/** `keys`: what each does; `label(number)`: give that label; whether there is one. */
export function listen({ keys, label, grid, zoom }) {
  document.addEventListener("keydown", onKey);

  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const { key, target } = event;
    if (target.closest("input, select, textarea")) return;
    const arrow = key.startsWith("Arrow");
    // A key that is held down answers once, also on a button; only moving and taking back go on.
    if (event.repeat && !arrow && key !== "u" && !["Home", "End", "PageUp", "PageDown", "Tab"].includes(key)) return event.preventDefault();
    const dialog = document.querySelector("dialog[open]:not(#zoom)");
    if (dialog) {
      if (dialog.id === "later-box" && "123".includes(key)) press(event, () => dialog.querySelectorAll("[data-hours]")[Number(key) - 1].click());
      return;
    }
    const onButton = target.closest("button, a, summary");
    if (arrow || key === "Home" || key === "End") {
      if (!zoom.open) return press(event, () => grid.move(key, event.shiftKey));
      if (key === "ArrowLeft" || key === "ArrowRight") return press(event, () => zoom.step(key === "ArrowLeft" ? -1 : 1));
      return;
    }
    if (key === "Enter") return onButton ? undefined : press(event, keys.Enter); // a button does its own
    if (key === " " && !onButton && !zoom.open) return press(event, () => grid.focused !== null && (grid.focus(), grid.toggle(grid.focused)));
    if (key === "Escape" && !zoom.open) return press(event, () => grid.select([]));
    if (/^[0-9]$/.test(key)) return press(event, () => label(Number(key)) || notice(`there is no label ${key}`));
    // Caps lock changes nothing; shift does.
    const action = keys[/^[a-z]$/i.test(key) ? (event.shiftKey ? key.toUpperCase() : key.toLowerCase()) : key];
    if (action) press(event, action);
  }
}

function press(event, action) {
  event.preventDefault();
  action();
}
