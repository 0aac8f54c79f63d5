"""Compiled programs: Go and Rust projects, and whatever Debian packages or stages bring."""
