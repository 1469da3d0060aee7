"""The database and the human work: intake, routing, queue, verdicts, outbox, retraining. No Telegram."""
