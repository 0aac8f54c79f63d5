"""apt's rules one by one: an archive, what is asked for, and what gets installed for it.

Each case is solved by distil and, where there is an apt, by apt itself.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """`expected` are the names installed, with ``=version`` where it matters; None: impossible."""

    name: str
    archive: str
    wanted: str
    expected: str | None


RULES = [
    Rule(
        "depends are followed to the end",
        "a 1; Depends: b\nb 1; Depends: c\nc 1\nd 1",
        "a",
        "a b c",
    ),
    Rule("pre-depends count as depends", "a 1; Pre-Depends: b\nb 1", "a", "a b"),
    Rule("a cycle is no problem", "a 1; Depends: b\nb 1; Depends: a", "a", "a b"),
    Rule(
        "recommends and suggests are not followed",
        "a 1; Recommends: b; Suggests: c\nb 1\nc 1",
        "a",
        "a",
    ),
    Rule("the first alternative is taken", "a 1; Depends: b | c\nb 1\nc 1", "a", "a b"),
    Rule(
        "an alternative that does not exist is passed over", "a 1; Depends: x | c\nc 1", "a", "a c"
    ),
    Rule(
        "an alternative whose version is wrong is passed over",
        "a 1; Depends: b (>= 2) | c\nb 1\nc 1",
        "a",
        "a c",
    ),
    Rule(
        "an alternative that cannot be installed is passed over",
        "a 1; Depends: b | c\nb 1; Depends: x\nc 1",
        "a",
        "a c",
    ),
    Rule(
        "and what was marked for it goes again",
        "a 1; Depends: b | c\nb 1; Depends: d, e\nd 1\ne 1; Depends: f\nf 1; Depends: x\nc 1",
        "a",
        "a c",
    ),
    Rule(
        "an alternative that is there anyway wins over the first",
        "a 1; Depends: c, b | c\nb 1\nc 1",
        "a",
        "a c",
    ),
    Rule("but only if it was there before", "a 1; Depends: b | c, c\nb 1\nc 1", "a", "a b c"),
    Rule("what is asked for counts as being there", "a 1; Depends: b | c\nb 1\nc 1", "a c", "a c"),
    Rule(
        "a virtual package is provided by its only provider",
        "a 1; Depends: v\nb 1; Provides: v",
        "a",
        "a b",
    ),
    Rule(
        "a real package wins over a provider", "a 1; Depends: b\nb 1\nc 1; Provides: b", "a", "a b"
    ),
    Rule(
        "a provider stands in when the real one is too old",
        "a 1; Depends: b (>= 2)\nb 1\nc 1; Provides: b (= 2)",
        "a",
        "a c",
    ),
    Rule(
        "of several providers the higher priority wins",
        "a 1; Depends: v\nb 1; Provides: v\nc 1; Provides: v; Priority: standard",
        "a",
        "a c",
    ),
    Rule(
        "of equal providers the one that apt reads last wins",
        "a 1; Depends: v\nb 1; Provides: v\nc 1; Provides: v",
        "a",
        "a c",
    ),
    Rule(
        "unless an earlier relation named it already",
        "z 1; Suggests: c\na 1; Depends: v\nb 1; Provides: v\nc 1; Provides: v",
        "a",
        "a b",
    ),
    Rule(
        "an essential provider wins",
        "a 1; Depends: v\nb 1; Provides: v; Essential: yes; Priority: extra\nc 1; Provides: v",
        "a",
        "a b",
    ),
    Rule(
        "a protected provider wins",
        "a 1; Depends: v\nb 1; Provides: v; Protected: yes; Priority: extra\nc 1; Provides: v",
        "a",
        "a b",
    ),
    Rule(
        "an unversioned provides does not satisfy a versioned depends",
        "a 1; Depends: v (>= 1)\nb 1; Provides: v",
        "a",
        None,
    ),
    Rule(
        "a versioned provides does", "a 1; Depends: v (>= 1)\nb 1; Provides: v (= 1.5)", "a", "a b"
    ),
    Rule(
        "a versioned provides can be too old",
        "a 1; Depends: v (>= 2)\nb 1; Provides: v (= 1.5)",
        "a",
        None,
    ),
    Rule(
        "a versioned provides satisfies an unversioned depends",
        "a 1; Depends: v\nb 1; Provides: v (= 1.5)",
        "a",
        "a b",
    ),
    Rule(
        "strictly earlier and later",
        "a 1; Depends: b (>> 1), c (<< 2)\nb 1.1\nc 2~rc1",
        "a",
        "a b c",
    ),
    Rule("an exact version", "a 1; Depends: b (= 1-1)\nb 1-1", "a", "a b"),
    Rule("an exact version with another revision", "a 1; Depends: b (= 1-1)\nb 1-2", "a", None),
    Rule(
        "the highest version is the only candidate", "a 1; Depends: b (<< 2)\nb 1\nb 2", "a", None
    ),
    Rule(
        "a version asked for becomes the candidate",
        "a 1; Depends: b (<< 2)\nb 1\nb 2",
        "a b=1",
        "a b=1",
    ),
    Rule("the highest version is installed", "a 1\na 1:0.1\na 2", "a", "a=1:0.1"),
    Rule("conflicts between what is asked for", "a 1; Conflicts: b\nb 1", "a b", None),
    Rule("breaks between what is asked for", "a 1; Breaks: b (<< 2)\nb 1", "a b", None),
    Rule("breaks that do not reach", "a 1; Breaks: b (<< 1)\nb 1", "a b", "a b"),
    Rule(
        "a conflict met later does not bring an alternative back",
        "a 1; Depends: b | c, d\nb 1; Conflicts: d\nc 1\nd 1",
        "a",
        None,
    ),
    Rule(
        "a conflict met in time turns the solver to the other alternative",
        "a 1; Depends: d, b | c\nb 1\nc 1\nd 1; Conflicts: b",
        "a",
        "a c d",
    ),
    Rule(
        "a dependency asked for first is in the way",
        "a 1; Depends: b\nb 1; Conflicts: c\nc 1",
        "c a",
        None,
    ),
    Rule(
        "a package may conflict with what it provides",
        "a 1; Provides: v; Conflicts: v\nb 1",
        "a b",
        "a b",
    ),
    Rule(
        "two providers that conflict with the virtual package",
        "a 1; Provides: v; Conflicts: v\nb 1; Provides: v; Conflicts: v",
        "a b",
        None,
    ),
    Rule(
        "an unversioned provides is not hit by versioned breaks",
        "a 1; Breaks: v (<< 9)\nb 1; Provides: v",
        "a b",
        "a b",
    ),
    Rule(
        "a versioned provides is hit by versioned breaks",
        "a 1; Breaks: v (<< 9)\nb 1; Provides: v (= 1)",
        "a b",
        None,
    ),
    Rule(":any needs multi-arch allowed", "a 1; Depends: b:any\nb 1", "a", None),
    Rule(
        ":any with multi-arch allowed", "a 1; Depends: b:any\nb 1; Multi-Arch: allowed", "a", "a b"
    ),
    Rule(
        ":any with multi-arch foreign", "a 1; Depends: b:any\nb 1; Multi-Arch: foreign", "a", None
    ),
    Rule(":any with a version", "a 1; Depends: b:any (>= 2)\nb 1; Multi-Arch: allowed", "a", None),
    Rule(
        ":any of a virtual package",
        "a 1; Depends: v:any\nb 1; Provides: v; Multi-Arch: allowed",
        "a",
        "a b",
    ),
    Rule("a provides that says :any", "a 1; Depends: v:any\nb 1; Provides: v:any", "a", "a b"),
    Rule(":native", "a 1; Depends: b:native\nb 1", "a", "a b"),
    Rule("the architecture itself as qualifier", "a 1; Depends: b:amd64\nb 1", "a", "a b"),
    Rule(
        "a foreign architecture as qualifier",
        "a 1; Depends: b:i386 | c\nb 1; Multi-Arch: same\nc 1",
        "a",
        "a c",
    ),
    Rule("architecture all", "a 1; Depends: b\nb 1; Architecture: all", "a", "a b"),
    Rule(
        "packages of another architecture are not there",
        "a 1; Depends: b\nb 1; Architecture: i386",
        "a",
        None,
    ),
    Rule("the architecture in what is asked for", "a 1", "a:amd64", "a"),
    Rule("a virtual package asked for, with one provider", "b 1; Provides: v", "v", "b"),
    Rule(
        "something recommended that was marked on the way stays",
        "a 1; Depends: b | c; Recommends: d\nb 1; Depends: d, e\nd 1\ne 1; Depends: f\n"
        "f 1; Depends: x\nc 1",
        "a",
        "a c d",
    ),
    Rule("the deprecated operators", "a 1; Depends: b (> 1), c (< 1)\nb 1\nc 1", "a", "a b c"),
]
