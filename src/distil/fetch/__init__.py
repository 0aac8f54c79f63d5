"""Bytes from outside: HTTP with retries and credentials, and the cache they end in."""
