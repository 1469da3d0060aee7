// Writes to the bot: words, commands from the menu, photos and files picked, dropped or pasted, replies.

import { byId, element } from "./element.js";
import { authorOf, summary } from "./message.js";

const HEIGHT = 180; // pixels to which the text field grows
const isShown = (file) => file.type.startsWith("image/") || file.type.startsWith("video/");

export class Composer {
  #files = []; // {file, url}
  #quoted = null;
  #commands = [];
  #chosen = -1;
  #sending = false;
  #words = byId("words");
  #menu = byId("menu");

  /** `send` gets {text, files, asFile, quoted} and may throw; `complain` shows what went wrong. */
  constructor({ send, complain }) {
    this.send = send;
    this.complain = complain;
    byId("composer").onsubmit = (event) => { event.preventDefault(); this.submit(); };
    byId("attach").onclick = () => byId("picker").click();
    byId("picker").onchange = () => { this.attach(byId("picker").files); byId("picker").value = ""; };
    byId("reply-cancel").onclick = () => this.quote(null);
    byId("open-menu").onclick = () => (this.#menu.hidden ? this.#openMenu(this.#commands) : this.#closeMenu());
    byId("open-menu").onkeydown = (event) => this.#onKey(event);
    this.#words.oninput = () => { this.#grow(); this.#suggest(); };
    this.#words.onkeydown = (event) => this.#onKey(event);
    this.#words.onpaste = (event) => {
      if (event.clipboardData.files.length) { event.preventDefault(); this.attach(event.clipboardData.files); }
    };
    this.#listenForDrops();
    this.#refresh();
  }

  set commands(commands) {
    this.#commands = commands;
    byId("open-menu").hidden = commands.length === 0;
    if (!this.#menu.hidden) this.#suggest();
  }

  /** Forget what was being written, for another person or chat. */
  clear() {
    this.#words.value = "";
    this.#dropFiles();
    this.quote(null);
    this.#closeMenu();
    this.#grow();
  }

  focus() { this.#words.focus({ preventScroll: true }); }

  quote(message) {
    this.#quoted = message;
    byId("reply-bar").hidden = message === null;
    if (message === null) return;
    byId("reply-who").textContent = `Reply to ${authorOf(message).name}`;
    byId("reply-what").textContent = summary(message);
    this.focus();
  }

  attach(files, asFile = null) {
    for (const file of files) this.#files.push({ file, url: file.type.startsWith("image/") ? URL.createObjectURL(file) : null });
    if (asFile !== null) byId("as-file").checked = asFile;
    else if ([...files].some((file) => !isShown(file))) byId("as-file").checked = true;
    this.#refresh();
    this.focus();
  }

  async submit(text = this.#words.value) {
    const said = { text: text.trim(), files: this.#files.map((one) => one.file), asFile: byId("as-file").checked, quoted: this.#quoted };
    if (this.#sending || (!said.text && !said.files.length)) return;
    this.#sending = true;
    byId("send").disabled = true;
    try {
      await this.send(said);
      this.clear();
    } catch (error) {
      this.complain(error.message); // what was written stays, to be sent again
    } finally {
      this.#sending = false;
      this.#refresh();
    }
  }

  #dropFiles() {
    for (const { url } of this.#files) if (url) URL.revokeObjectURL(url);
    this.#files = [];
    byId("as-file").checked = false;
    this.#refresh();
  }

  #refresh() {
    byId("attached").hidden = this.#files.length === 0;
    byId("attachments").replaceChildren(...this.#files.map(({ file, url }, place) => element(
      "li", {},
      url ? element("img", { src: url, alt: file.name }) : element("span.extension", {}, file.name),
      element("button.icon", { type: "button", "aria-label": `Remove ${file.name}`, onclick: () => this.#remove(place) }, "×"),
    )));
    this.#words.placeholder = this.#files.length ? "Add a caption" : "Message";
    byId("send").disabled = this.#sending || (!this.#files.length && !this.#words.value.trim());
  }

  #remove(place) {
    const [gone] = this.#files.splice(place, 1);
    if (gone.url) URL.revokeObjectURL(gone.url);
    this.#refresh();
    this.focus();
  }

  #grow() {
    this.#words.style.height = "auto";
    this.#words.style.height = `${Math.min(this.#words.scrollHeight, HEIGHT)}px`;
    this.#refresh();
  }

  #onKey(event) {
    const items = [...this.#menu.children];
    if (!this.#menu.hidden && items.length && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#choose((this.#chosen + step + items.length) % items.length);
    } else if (!this.#menu.hidden && ["Enter", "Tab"].includes(event.key) && this.#chosen >= 0) {
      event.preventDefault();
      items[this.#chosen].click();
    } else if (event.key === "Escape") {
      if (!this.#menu.hidden) this.#closeMenu();
      else this.quote(null);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === this.#words) {
      event.preventDefault();
      this.submit();
    }
  }

  #suggest() {
    const typed = this.#words.value.toLowerCase();
    const fitting = this.#commands.filter(({ command }) => `/${command}`.startsWith(typed));
    if (typed.startsWith("/") && fitting.length) this.#openMenu(fitting, typed.length > 1);
    else this.#closeMenu();
  }

  #openMenu(commands, chooseFirst = false) {
    this.#menu.replaceChildren(...commands.map(({ command, description }, place) => element(
      "li", { role: "option", id: `command-${place}`, onclick: () => { this.#closeMenu(); this.submit(`/${command}`); this.focus(); } },
      element("strong", {}, `/${command}`), element("span", {}, description),
    )));
    this.#menu.hidden = false;
    byId("open-menu").setAttribute("aria-expanded", "true");
    this.#choose(chooseFirst ? 0 : -1);
  }

  #closeMenu() {
    this.#menu.hidden = true;
    byId("open-menu").setAttribute("aria-expanded", "false");
    this.#words.removeAttribute("aria-activedescendant");
    this.#chosen = -1;
  }

  #choose(place) {
    this.#chosen = place;
    [...this.#menu.children].forEach((item, index) => item.setAttribute("aria-selected", index === place));
    if (place < 0) return;
    this.#menu.children[place].scrollIntoView({ block: "nearest" });
    this.#words.setAttribute("aria-activedescendant", `command-${place}`);
  }

  #listenForDrops() {
    const drop = byId("drop");
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => { if (hasFiles(event)) { event.preventDefault(); drop.hidden = false; } });
    addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      for (const zone of drop.children) zone.classList.toggle("over", zone.contains(event.target));
    });
    addEventListener("dragleave", (event) => { if (event.relatedTarget === null) drop.hidden = true; });
    addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      drop.hidden = true;
      const zone = event.target.closest?.(".zone");
      this.attach(event.dataTransfer.files, zone ? zone.dataset.as === "file" : null);
    });
  }
}
