"""What of the set-up can be told without a sandbox."""

from __future__ import annotations

import pytest

from distil.run.launch.mounts import has_own_ids


@pytest.mark.parametrize(
    ("release", "own"),
    [
        ("6.14.0", True),
        ("6.18.44-fc-v657", True),
        ("7.0-rc1", True),
        ("6.12.48+deb13-amd64", False),
        ("6.1.0-18-amd64", False),
        ("5.15.167.4-microsoft-standard-WSL2", False),
        ("", False),
        ("6", False),
        ("6.x", False),
    ],
)
def test_the_machine_s_largest_process_id_is_not_set(release: str, own: bool) -> None:
    assert has_own_ids(release) is own
