"""Registries as a store: who they are, how they are reached, what is read there and put there."""
