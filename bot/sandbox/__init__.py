"""A local Bot API server with a chat page. It knows nothing of the bot but the Bot API."""
