"""Locks are written and read back as they were, and what is no lock is refused."""

from __future__ import annotations

import contextlib
import datetime
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.distros.debian.lock_part import LockedPackage, LockedSuite
from distil.errors import InvalidLock
from distil.formats.lock_toml import decode_lock, encode_lock
from distil.model.digest import Digest
from distil.model.lock import LOCK_VERSION, Lock, LockedPlatform
from distil.runtimes.python.lock_part import LockedProject, LockedWheel

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, 2**62)
digests = st.binary(min_size=4, max_size=4).map(Digest.of)
dates = st.integers(0, 2**32).map(lambda seconds: datetime.datetime.fromtimestamp(seconds, UTC))
wheels = st.builds(LockedWheel, text, text, text, text, numbers, digests)
platforms = st.builds(
    LockedPlatform,
    name=text,
    python=text,
    glibc=st.sampled_from(["2.41", "2.36"]),
    suites=st.lists(
        st.builds(LockedSuite, text, text, text, dates, text, digests, text), max_size=2
    ).map(tuple),
    packages=st.lists(
        st.builds(
            LockedPackage,
            *(text, text, text, text, text, numbers, digests, text, text, text),
            relations=st.dictionaries(text, text, max_size=2),
        ),
        max_size=2,
    ).map(tuple),
    wheels=st.lists(wheels, max_size=2).map(tuple),
    projects=st.lists(
        st.builds(LockedProject, text, digests, wheels, st.lists(wheels, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    libraries=st.dictionaries(text, text, max_size=2),
)
locks = st.builds(
    Lock,
    version=st.just(LOCK_VERSION),
    spec=digests,
    inputs=st.dictionaries(text, digests, max_size=3),
    platforms=st.lists(platforms, max_size=2).map(tuple),
    vendor=text,
)


@given(locks)
def test_what_is_written_is_read_back(lock: Lock) -> None:
    assert decode_lock(encode_lock(lock), "distil.lock") == lock


@given(st.one_of(text, locks.map(encode_lock)), st.data())
def test_anything_else_is_refused(good: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    broken = good[:start] + data.draw(text) + good[end:]
    with contextlib.suppress(InvalidLock):
        assert decode_lock(broken, "distil.lock").version == LOCK_VERSION


@pytest.mark.parametrize("line", ["version = 2", "version = '1'", ""])
def test_other_versions(line: str) -> None:
    with pytest.raises(InvalidLock, match="it is of version"):
        decode_lock(f"{line}\n", "distil.lock")
