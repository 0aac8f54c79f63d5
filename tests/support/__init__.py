"""Test infrastructure, one file per thing."""
