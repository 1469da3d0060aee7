"""Tensors and files: the classifier, its calibration, its detector, its versions. No database, no Telegram."""
