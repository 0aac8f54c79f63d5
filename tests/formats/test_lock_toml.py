"""Locks are written and read back as they were, and what is no lock is refused."""

from __future__ import annotations

import contextlib
import datetime
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.errors import InvalidLock
from distil.formats.lock_toml import decode_lock, encode_lock
from distil.model.digest import Digest
from distil.model.lock import LOCK_VERSION, Lock, LockedPlatform

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
digests = st.binary(min_size=4, max_size=4).map(Digest.of)
dates = st.integers(0, 2**32).map(lambda seconds: datetime.datetime.fromtimestamp(seconds, UTC))
values = st.recursive(
    st.one_of(text, st.integers(-(2**62), 2**62), st.booleans(), dates),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=6,
)
parts = st.dictionaries(text, st.dictionaries(text, values, max_size=3), max_size=2)
platforms = st.builds(LockedPlatform, name=text, base=parts, runtime=parts)
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


@pytest.mark.parametrize("line", ["version = 3", "version = '1'", ""])
def test_other_versions(line: str) -> None:
    with pytest.raises(InvalidLock, match="it is of version"):
        decode_lock(f"{line}\n", "distil.lock")


def test_version_1_is_read_as_the_parts_that_it_held() -> None:
    """It knew Debian and Python alone, and kept both in one table."""
    old = """
version = 1
spec = "sha256:{digest}"
[inputs]
[[platform]]
name = "linux/amd64"
python = "3.13.5"
glibc = "2.41"
[[platform.suite]]
suite = "trixie"
[[platform.package]]
name = "libc6"
[[platform.wheel]]
name = "flask"
[platform.libraries]
"libz.so.1" = "zlib1g"
"""
    lock = decode_lock(old.format(digest="0" * 64), "distil.lock")
    (platform,) = lock.platforms
    assert lock.version == LOCK_VERSION
    assert platform.base == {
        "debian": {
            "suite": [{"suite": "trixie"}],
            "package": [{"name": "libc6"}],
            "libraries": {"libz.so.1": "zlib1g"},
        }
    }
    python = {"version": "3.13.5", "glibc": "2.41", "wheel": [{"name": "flask"}]}
    assert platform.runtime == {"python": python}
