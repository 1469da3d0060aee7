"""A local Bot API server with a chat page: demo and tests talk to the bot through it, over HTTP, like Telegram.

It knows nothing of the bot but the Bot API, and keeps everything in memory. `server.Sandbox` is the way in,
`person.Person` is how programs take part.
"""
