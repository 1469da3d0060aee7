"""The colours, for dark terminals and for light ones."""

from textual.theme import Theme

DARK = Theme(
    name="bearbot-dark",
    dark=True,
    primary="#e0a458",
    secondary="#8fa3ad",
    accent="#f2c57c",
    warning="#f2c14e",
    error="#e5726b",
    success="#8cbf88",
    foreground="#e8e4dc",
    background="#16181a",
    surface="#1e2124",
    panel="#2a2e32",
    variables={"quiet": "#9aa0a0"},
)
LIGHT = Theme(
    name="bearbot-light",
    dark=False,
    primary="#9a5b13",
    secondary="#5c7080",
    accent="#8a4b00",
    warning="#8f6400",
    error="#b3261e",
    success="#3d7a3a",
    foreground="#23211e",
    background="#fbfaf7",
    surface="#f2efe8",
    panel="#e5e0d5",
    variables={"quiet": "#6b665d"},
)
