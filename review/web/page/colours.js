// Light, dark, or as the system is: chosen by a button, kept in this browser, applied by theme.js.

const THEMES = ["as the system", "light", "dark"];

export function offerColours(button) {
  const root = document.documentElement;

  function turn(step) {
    const now = THEMES[(Math.max(0, THEMES.indexOf(root.dataset.theme)) + step) % THEMES.length];
    if (now === THEMES[0]) {
      delete root.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      root.dataset.theme = now;
      localStorage.setItem("theme", now);
    }
    button.setAttribute("aria-label", `Colours: ${now}`);
    button.title = `Colours: ${now}`;
  }

  button.addEventListener("click", () => turn(1));
  turn(0);
}
