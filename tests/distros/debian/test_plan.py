"""Which packages depend on which, as a solution's reasons tell."""

from __future__ import annotations

from distil.distros.debian.plan import with_dependencies
from distil.distros.protocol import Edge


def test_what_packages_depend_on_comes_with_them() -> None:
    reasons = {
        "bash": (Edge("", "Requested", "bash"),),
        "base-files": (Edge("bash", "Pre-Depends", "base-files"),),
        "libc6": (Edge("bash", "Depends", "libc6"), Edge("python3.13", "Depends", "libc6")),
        "python3.13": (Edge("", "Requested", "python3.13"),),
        "round": (Edge("base-files", "Depends", "round"), Edge("round", "Depends", "round")),
    }
    assert with_dependencies(["bash"], reasons) == {"bash", "base-files", "libc6", "round"}
    assert with_dependencies([], reasons) == frozenset()
    assert with_dependencies(["unknown"], reasons) == {"unknown"}
