// Logs in with the token from the link (kept out of the address bar and of every log), or with a typed one.

import { byId } from "./element.js";
import { login, session } from "./server.js";

const OVER = "You are logged out: the server was started anew, twelve hours passed, or your token was replaced.";

async function enter(token, { used = false } = {}) {
  byId("wrong").textContent = "";
  try {
    await login(token);
    location.replace("/");
  } catch (error) {
    // Whoever opens a used link once more in the same browser is in already.
    if (used && (await session().catch(() => null))) return location.replace("/");
    byId("wrong").textContent = error.message;
    byId("token").select();
  }
}

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(byId("token").value);
});

function fromLink() {
  const token = decodeURIComponent(location.hash.slice(1));
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  enter(token, { used: true });
}

function tellWhy() {
  const why = sessionStorage.getItem("why") ?? (location.search === "?over" ? OVER : "");
  sessionStorage.removeItem("why");
  if (location.search) history.replaceState(null, "", location.pathname + location.hash);
  byId("wrong").textContent = why;
}

tellWhy();
window.addEventListener("hashchange", fromLink); // the next link, pasted into the same tab
fromLink();
