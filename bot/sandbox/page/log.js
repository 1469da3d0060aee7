// The messages of one chat, in order: keeps what did not change, so that nothing flickers and the focus stays.

import { byId, element } from "./element.js";
import { bubble, dayOf, event, happened } from "./message.js";

const NEAR = 120; // pixels from the end that count as reading along

export class Log {
  #drawn = new Map(); // key -> {signature, node}
  #log = byId("log");
  #toEnd = byId("to-end");
  #unread = 0;
  #following = true; // reading along at the end, also while a smooth scroll is on its way there
  #lastTop = 0;

  constructor(on) {
    this.on = { ...on, quote: (id) => this.show(id) };
    this.#toEnd.onclick = () => this.scrollToEnd();
    this.#log.addEventListener("scroll", () => this.#onScroll());
    // Pictures have their size only when they are there. Neither event bubbles, so they are caught on the way down.
    for (const kind of ["load", "loadedmetadata"]) {
      this.#log.addEventListener(kind, () => this.#following && this.scrollToEnd("instant"), true);
    }
    // The field grows, or the window shrinks: the end stays in sight.
    new ResizeObserver(() => this.#following && this.scrollToEnd("instant")).observe(this.#log);
  }

  clear() {
    this.#drawn.clear();
    this.#log.replaceChildren();
    this.#noteUnread(0);
  }

  /** Show these messages; `welcome` stands where there are none. */
  draw(messages, { me, named, topics, welcome, jump = false }) {
    const stay = jump || this.#following;
    const wanted = messages.length ? this.#rows(messages, me, named, topics) : [{ key: "welcome", signature: "", make: () => welcome }];
    const drawn = new Map();
    let place = this.#log.firstChild;
    for (const { key, signature, make } of wanted) {
      const before = this.#drawn.get(key);
      const node = before && before.signature === signature && key !== "welcome" ? before.node : make();
      const hadFocus = before && before.node !== node && before.node.contains(document.activeElement);
      if (before && before.node !== node) {
        if (place === before.node) place = place.nextSibling;
        before.node.replaceWith(node);
      } else if (node !== place) {
        this.#log.insertBefore(node, place);
      } else {
        place = place.nextSibling;
      }
      if (hadFocus) node.focus({ preventScroll: true });
      drawn.set(key, { signature, node });
    }
    for (const [key, { node }] of this.#drawn) if (!drawn.has(key)) node.remove();
    this.#drawn = drawn;
    if (stay) this.scrollToEnd(jump ? "instant" : "smooth");
  }

  /** Scroll to a message and let it glow. */
  show(id) {
    const node = [...this.#drawn.values()].map((one) => one.node).find((one) => one.ids?.includes(id));
    if (!node) return;
    this.#following = false;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.remove("glow");
    void node.offsetWidth; // restarts the animation
    node.classList.add("glow");
    node.focus({ preventScroll: true });
  }

  scrollToEnd(behavior = "smooth") {
    this.#following = true;
    this.#log.scrollTo({ top: this.#log.scrollHeight, behavior });
    this.#noteUnread(0);
  }

  /** Something new came; says so beside the arrow when nobody reads along. */
  arrived() {
    if (!this.#following) this.#noteUnread(this.#unread + 1);
  }

  #onScroll() {
    const up = this.#log.scrollTop < this.#lastTop;
    this.#lastTop = this.#log.scrollTop;
    if (this.#atEnd()) this.#following = true;
    else if (up) this.#following = false;
    this.#noteUnread(this.#following ? 0 : this.#unread);
  }

  #atEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR;
  }

  #noteUnread(count) {
    this.#unread = count;
    this.#toEnd.hidden = this.#following;
    byId("unread").hidden = count === 0;
    byId("unread").textContent = count;
  }

  #rows(messages, me, named, topics) {
    const rows = [];
    let day = null;
    for (const group of albums(messages)) {
      const today = dayOf(group[0]);
      if (today !== day) {
        rows.push({ key: `day ${today}`, signature: today, make: () => element("div.day", {}, element("span", {}, today)) });
        day = today;
      }
      const make = () => {
        const [first] = group;
        const topic = first.is_topic_message ? topics.get(first.message_thread_id) : null;
        const mine = first.from?.id === me && !first.sender_chat;
        const node = happened(first) ? event(first) : bubble(group, { mine, named, topic, on: this.on });
        node.ids = group.map((message) => message.message_id);
        return node;
      };
      rows.push({ key: group[0].message_id, signature: JSON.stringify([group, me, named, topics.get(group[0].message_thread_id)]), make });
    }
    return rows;
  }
}

/** Messages one by one, those of an album together. */
function albums(messages) {
  const groups = [];
  for (const message of messages) {
    const last = groups[groups.length - 1];
    if (message.media_group_id && last?.[0].media_group_id === message.media_group_id) last.push(message);
    else groups.push([message]);
  }
  return groups;
}
