"""Results in, text and JSON out; nothing here decides or prints."""
