"""What runs the pages notices what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.pages import is_shown, read_page
from tests.support.sessions import Ended, run_page

SHOP = """\
Text.

```python title="shop/app.py"
print("it's \\"open\\" $HOME")
```

```console
$ cd shop && export WHO=me
$ python3 app.py
it's "open" $HOME
$ echo one \\
    two
one two
$ cat <<END
> $WHO
> END
me
```

<!-- not run: nobody may -->
```console
$ false
```
"""


def ended(tmp_path: Path, text: str) -> list[Ended]:
    """How the commands of a page end."""
    (tmp_path / "page.md").write_text(text)
    page = read_page(tmp_path / "page.md")
    (tmp_path / "place").mkdir()
    fences = [fence for fence in page.fences if not fence.not_run]
    return run_page(page, tmp_path / "place", fences, os.environ)


def complaints(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a page, as the test of the pages would say it."""
    return [end.complaint for end in ended(tmp_path, text) if end.complaint]


def session(text: str) -> str:
    return f"```console\n{text}\n```\n"


def test_a_right_page(tmp_path: Path) -> None:
    assert complaints(tmp_path, SHOP) == []
    assert (tmp_path / "place" / "shop" / "app.py").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (session("$ false"), "ended with 1"),
        (session("$ echo a\nb"), "printed\na\n"),
        (session("$ true\n$ no-such-command-here"), "ended with 127"),
        (session("$ echo\nerror: no"), "ended with 0"),
        (session("$ exit 3\n$ echo"), "was not reached"),
        (session("$ echo ok\nok\nmore"), "the page shows"),
        (session("$ echo 'a"), "was not reached"),
    ],
)
def test_a_wrong_page(tmp_path: Path, text: str, says: str) -> None:
    found = complaints(tmp_path, text)
    assert len(found) == 1
    assert says in found[0]


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("$ true\n$ no-such-command --of any | cat >&2\n1", "no-such-command"),
        ("$ true && no-such-command 2>/dev/null", "no-such-command"),
        ("$ no-such-command || true", ""),
        ("$ sh -c 'exit 127'", ""),
        ("$ ./nothing", ""),
    ],
)
def test_a_program_that_is_not_installed(tmp_path: Path, text: str, program: str) -> None:
    assert ended(tmp_path, session(text))[-1].not_installed == program


def test_nothing_is_run_after_a_failure(tmp_path: Path) -> None:
    assert len(complaints(tmp_path, session("$ false\n$ touch here"))) == 1
    assert not (tmp_path / "place" / "here").exists()


def test_an_error_that_is_shown_has_to_come(tmp_path: Path) -> None:
    assert complaints(tmp_path, session("$ echo error: no >&2; false\nerror: no")) == []


def test_a_comment_belongs_to_a_fence(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("<!-- not run: why -->\n\nNo fence.\n")
    with pytest.raises(AssertionError, match="without a fence"):
        read_page(tmp_path / "page.md")


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("size  60.0 MB → 33.0 MB, 5 layers", "size    1,061.2 kB → 9 MB, 12 layers"),
        ("libssl3t64 3.5.9-1~deb13u1", "libssl3t64 3.6.0-2"),
        ("a\n…\nz", "a\nb\nc\nz"),
        ("…\nz", "z"),
        ("id …", "id 7f9a"),
        ("sha256:" + "0" * 64, "sha256:" + "a1" * 32),
        ("each of 1,605 files", "each of 99 files"),
        ("distil.toml:86: image.user: bad", "distil.toml:7: image.user: bad"),
    ],
)
def test_what_may_differ(shown: str, printed: str) -> None:
    assert is_shown(shown.split("\n"), printed + "\n")


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("PASS", "FAIL"),
        ("PASS  a", "PASS"),
        ("oci:out:1.0", "oci:out:1.1"),
        ("/usr/lib/python3.13/ssl.py", "/usr/lib/python3.12/ssl.py"),
        ("a\n…\nz", "a\nz\ny"),
        ("5 layers", "5 files"),
        ("5 layers", "no layers"),
    ],
)
def test_what_may_not_differ(shown: str, printed: str) -> None:
    assert not is_shown(shown.split("\n"), printed + "\n")
