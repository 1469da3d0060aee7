"""The demo: sandbox, bot and database together on this machine, with nothing from outside."""
