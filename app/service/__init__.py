"""The HTTP service: handlers that decode, encrypt, store or call a routine, and answer."""
