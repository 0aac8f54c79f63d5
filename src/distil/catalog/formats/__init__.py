"""Parsers: the bytes of one file of an image to `Facts`, without I/O; one file a format."""
