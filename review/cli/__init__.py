"""The commands of the review package: `bearbot classify`, `explain`, `review`, `retrain` and `db`."""
