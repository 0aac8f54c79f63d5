"""Whom to believe: OpenPGP signatures, checked against the keyrings shipped here."""
