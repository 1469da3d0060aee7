"""The commands of the review package: `bearbot classify`, `review`, `retrain` and `db`."""
