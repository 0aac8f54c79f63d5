"""Stages: systems with all tools in which commands run, and of which only copies are taken."""
