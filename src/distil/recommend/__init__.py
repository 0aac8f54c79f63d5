"""Which base, and which of the choices that `distil.toml` leaves, suit an application best.

Found out and not known beforehand: each is built and started here.
"""
