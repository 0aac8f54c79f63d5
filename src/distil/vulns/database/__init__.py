"""The database of advisories: one file, read by key, in which every answer is checked.

`layout` says how it looks, `reader` answers from it, `writer` and `update` make the next state
of it beside it and put that in its place.
"""
