// The sidebar: who you are, who else there is, and your chats. A click changes this tab, ctrl-click opens another.

import { avatar, byId, element } from "./element.js";

export const address = (person, chat = person) => (chat === person ? `#${person}` : `#${person}/${chat}`);

function entry(href, current, picture, name, note) {
  const link = element("a", { href, "aria-current": current ? "true" : undefined }, picture);
  link.append(element("span", {}, element("strong", {}, name), element("small", {}, note)));
  link.onclick = () => toggle(false);
  return element("li", {}, link);
}

export function drawPeople({ people, chats, bot }, me, chatId) {
  byId("people").replaceChildren(...people.map(({ id, name, role }) =>
    entry(address(id), id === me, avatar(id, name), name, role)));
  byId("chats-section").hidden = chats.length < 2;
  byId("chats").replaceChildren(...chats.map(({ id, type, title, members }) =>
    type === "private"
      ? entry(address(me), id === chatId, avatar(id, bot.name, true), bot.name, "private chat")
      : entry(address(me, id), id === chatId, avatar(id, title), title, `${members} members`)));
}

/** Open or close the sidebar where it lies over the chat. */
export function toggle(open) {
  document.body.classList.toggle("sidebar-open", open);
  byId("open-sidebar").setAttribute("aria-expanded", String(open));
}

/** `add` gets a name and may throw; `complain` shows what went wrong. */
export function listenForPeople({ add, complain }) {
  const form = byId("new-person");
  const show = (open) => {
    form.hidden = !open;
    byId("add-person").hidden = open;
    byId("new-name").value = "";
    byId(open ? "new-name" : "add-person").focus();
  };
  byId("add-person").onclick = () => show(true);
  byId("cancel-person").onclick = () => show(false);
  form.onkeydown = (event) => { if (event.key === "Escape") show(false); };
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await add(byId("new-name").value);
      show(false);
    } catch (error) {
      complain(error.message);
    }
  };
  byId("open-sidebar").onclick = () => toggle(!document.body.classList.contains("sidebar-open"));
  byId("shade").onclick = () => toggle(false);
}
