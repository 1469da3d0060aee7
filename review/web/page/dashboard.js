// The figures: asks for them, as counting may take a while, and again each minute while somebody looks.

import { offerColours } from "./colours.js";
import { byId } from "./element.js";
import { notice } from "./notice.js";
import { LoggedOut, post, session } from "./server.js";

const AGAIN_MS = 60_000;
const board = byId("board");

async function show() {
  let response;
  try {
    response = await fetch(`/dashboard/figures?days=${board.dataset.days}`);
  } catch {
    return failed(`the server cannot be reached: does \`${document.documentElement.dataset.program}\` still run?`);
  }
  if (response.status === 401) return location.replace("/login?over");
  if (!response.ok) return failed((await response.json().catch(() => ({}))).error ?? `the server answered ${response.status}`);
  const open = [...board.querySelectorAll("details[open]")].map((details) => details.parentElement.id);
  board.innerHTML = await response.text(); // our own server's, in which all that people wrote is escaped
  for (const id of open) byId(id)?.querySelector("details")?.setAttribute("open", "");
  byId("problem").hidden = true;
}

function failed(sentence) {
  byId("problem").textContent = sentence;
  byId("problem").hidden = false;
}

byId("logout").addEventListener("click", async () => {
  try {
    await session();
    await post("/api/logout");
  } catch (error) {
    if (!(error instanceof LoggedOut)) return notice(error.message, { wrong: true });
  }
  location.replace("/login");
});

offerColours(byId("theme"));
setInterval(() => document.hidden || board.contains(document.activeElement) || show(), AGAIN_MS);
await show();
