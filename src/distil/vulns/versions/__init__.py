"""How versions order, in each ecosystem as its own tools order them, and what a range holds.

`table.ordering_of` names the ordering of an ecosystem of the OSV schema. An ordering turns a
version into a key that compares; `ranges` evaluates what an advisory says with it. Which
reference each was compared with is told in tests/vulns/versions.
"""
