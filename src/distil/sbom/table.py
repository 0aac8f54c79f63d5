"""Stub."""
from __future__ import annotations
FORMATS: dict = {}
def read_document(data: bytes):
    raise NotImplementedError
