// The sidebar: who you are, who else there is, and your chats. A click changes this tab, ctrl-click opens another.

import { avatar, byId, element } from "./element.js";

export const address = (person, chat = person, topic = null) =>
  (chat === person ? `#${person}` : topic ? `#${person}/${chat}/${topic}` : `#${person}/${chat}`);

const KINDS = { channel: "channel", group: "basic group", supergroup: "group" };

function entry(href, current, picture, name, note) {
  const link = element("a", { href, "aria-current": current ? "true" : undefined }, picture);
  link.append(element("span", {}, element("strong", {}, name), element("small", {}, note)));
  link.onclick = () => toggle(false);
  return element("li", {}, link);
}

export function drawPeople({ people, chats, bot }, me, chatId, topicId) {
  byId("people").replaceChildren(...people.map(({ id, name, role }) =>
    entry(address(id), id === me, avatar(id, name), name, role)));
  byId("chats").replaceChildren(...chats.flatMap((chat) => entries(chat, me, bot, chatId, topicId)));
}

/** A chat, and below a forum its topics. */
function entries({ id, type, title, members, topics }, me, bot, chatId, topicId) {
  if (type === "private") return [entry(address(me), id === chatId, avatar(id, bot.name, true), bot.name, "private chat")];
  const here = id === chatId;
  const note = topics.length ? `${members} members, with topics` : `${KINDS[type]}, ${members} members`;
  const rows = topics.map((topic) => {
    const link = element("a.topic-link", { href: address(me, id, topic.id), "aria-current": here && topic.id === topicId ? "true" : undefined }, `# ${topic.name}`);
    link.onclick = () => toggle(false);
    return element("li", {}, link);
  });
  return [entry(address(me, id), here && topicId === null, avatar(id, title), title, note), ...rows];
}

/** Open or close the sidebar where it lies over the chat. */
export function toggle(open) {
  document.body.classList.toggle("sidebar-open", open);
  byId("open-sidebar").setAttribute("aria-expanded", String(open));
}

/** A form that a button opens: `add` gets its fields and may throw; `complain` shows what went wrong. */
function listenForForm(button, form, field, { add, complain }) {
  const show = (open) => {
    form.reset();
    form.hidden = !open;
    button.hidden = open;
    (open ? field : button).focus();
  };
  button.onclick = () => show(true);
  form.querySelector("[data-cancel]").onclick = () => show(false);
  form.onkeydown = (event) => { if (event.key === "Escape") show(false); };
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await add(new FormData(form));
      show(false);
    } catch (error) {
      complain(error.message);
    }
  };
}

/** `addPerson` gets {name}, `addGroup` {title, topics}; both may throw. */
export function listenForPeople({ addPerson, addGroup, complain }) {
  listenForForm(byId("add-person"), byId("new-person"), byId("new-name"), { add: addPerson, complain });
  listenForForm(byId("add-group"), byId("new-group"), byId("new-title"), { add: addGroup, complain });
  byId("open-sidebar").onclick = () => toggle(!document.body.classList.contains("sidebar-open"));
  byId("shade").onclick = () => toggle(false);
}
