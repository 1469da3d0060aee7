"""Out-of-domain detectors: one per file, behind one interface; a higher score is further out of domain."""
