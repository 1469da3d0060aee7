"""Whom connections trust."""

import os
import ssl

import certifi


def trusted_certificates() -> ssl.SSLContext:
    """The certificates that SSL_CERT_FILE or SSL_CERT_DIR name, or else certifi's, as httpx has it."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        file = certifi.where()
    context = ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    context.set_alpn_protocols(["http/1.1"])
    return context
