"""`doctor`: what is here for building and running images."""

from __future__ import annotations

from distil.doctor.findings import Diagnosis


def doctor(*, offline: bool = False) -> Diagnosis:
    """What is here for building and running images, what is missing, and how to get it.

    Nothing is changed. `offline`: mirrors and indexes are not asked.
    """
    from distil.doctor.examine import examine  # builds do without

    return examine(offline=offline)
