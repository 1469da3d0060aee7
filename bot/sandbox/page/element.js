// Builds page elements. Whatever people or the bot wrote goes in as text nodes, never as HTML.

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

/** A round picture with the first letter of a name; the bot has a face. */
export function avatar(id, name, isBot = false) {
  if (isBot) return element("img.avatar", { src: "/page/bear.svg", alt: "" });
  return element(`span.avatar.colour-${Math.abs(id) % 6}`, { "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
}
