"""Figures of how reviewing goes, as pictures (SVG) with a table of the same numbers beside each."""
