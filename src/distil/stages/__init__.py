"""Stages: places to build in with all tools, of which only what is copied goes on."""
