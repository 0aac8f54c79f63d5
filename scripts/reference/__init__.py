"""The reference of distil, made from its code: settings, their JSON schema, commands, errors.

`python -m scripts.reference` (or `scripts/docs`) writes it; a test fails while it is stale.
"""
