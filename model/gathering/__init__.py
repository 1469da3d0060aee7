"""Gathering: from a search word to an attributed folder of photos, by image search."""
