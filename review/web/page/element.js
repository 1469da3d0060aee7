// Builds page elements. Whatever people wrote goes in as text nodes, never as HTML.

export const byId = (id) => document.getElementById(id);

/** element("button.primary", {type: "button", onclick}, "Send", icon) */
export function element(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  node.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export const percent = (share) => (share > 0.99 ? "over\u00a099\u00a0%" : share < 0.01 ? "under\u00a01\u00a0%" : `${Math.round(share * 100)}\u00a0%`);
export const words = (value) => value.replaceAll("_", " ");
export const photos = (count) => (count === 1 ? "1 photo" : `${count.toLocaleString("en")} photos`);

/** How long something waits, in one unit. */
export function duration(seconds) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return "a moment";
}
