"""The page on which a folder's labels are cleaned: `bearbot data clean`. It needs no database."""
