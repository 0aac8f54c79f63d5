"""Answers about files, as text and as JSON."""

from __future__ import annotations

import json

from distil.explain.explain import Answer, Explanation, PackageFiles, Step
from distil.model.digest import Digest
from distil.model.ledger import Kept, Reason, Removed
from distil.model.node import Kind
from distil.model.origin import (
    ApplicationOrigin,
    GeneratedOrigin,
    LayerOrigin,
    Origin,
    PackageOrigin,
)
from distil.report.why import to_json, to_text

SSL = PackageOrigin("pkg:deb/debian/libssl3t64@3.5.1-1?arch=amd64", Digest.of(b"deb"))


def kept(path: str, origin: Origin = SSL, *reasons: Reason, size: int = 1_100_000) -> Kept:
    return Kept(path, Kind.FILE, size, origin, reasons)


def explanation(*steps: Step, origin: Origin = SSL) -> Explanation:
    return Explanation(kept(steps[0].path, origin), steps)


def test_a_chain_reads_from_the_file_to_the_entrypoint() -> None:
    answer = Answer(
        (
            explanation(
                Step(
                    "/usr/lib/libssl.so.3", Reason("DT_NEEDED", "/usr/lib/_ssl.so", "libssl.so.3")
                ),
                Step(
                    "/usr/lib/_ssl.so", Reason("import", "/usr/lib/ssl.py", "line 1 imports _ssl")
                ),
                Step("/usr/lib/ssl.py", Reason("rule flask", "/app/app.py", "why")),
                Step("/app/app.py", Reason("entrypoint", "", "app")),
            ),
        )
    )
    assert to_text(answer) == (
        "/usr/lib/libssl.so.3   libssl3t64 3.5.1-1   1.1 MB\n"
        "  needed by    /usr/lib/_ssl.so   (libssl.so.3)\n"
        "  imported by  /usr/lib/ssl.py   (line 1 imports _ssl)\n"
        "  rule flask:  /app/app.py   (why)\n"
        "  entrypoint   (app)"
    )


def test_long_chains_are_folded_unless_asked_for() -> None:
    steps = [Step(f"/{n}", Reason("import", f"/{n + 1}")) for n in range(9)]
    answer = Answer((explanation(*steps),))
    assert "…            5 steps (-v shows them)" in to_text(answer)
    assert len(to_text(answer).splitlines()) == 6
    assert len(to_text(answer, verbose=True).splitlines()) == 10
    five = Answer((explanation(*steps[:5]),))
    assert to_text(five) == to_text(five, verbose=True)


def test_every_origin_has_words() -> None:
    for origin, words in (
        (SSL, "libssl3t64 3.5.1-1"),
        (ApplicationOrigin("app.py"), "application: app.py"),
        (GeneratedOrigin("hosts"), "written by distil: hosts"),
        (LayerOrigin(Digest.of(b"")), f"layer {Digest.of(b'')}"),
    ):
        answer = Answer((explanation(Step("/x", Reason("entrypoint")), origin=origin),))
        assert f"/x   {words}   1.1 MB" in to_text(answer)


def test_a_package_lists_what_is_there_and_what_is_not_by_path() -> None:
    gone = Removed("/usr/share/doc/x", SSL.purl, 500, "documentation", "no program reads it")
    files = PackageFiles(SSL.purl, (kept("/usr/lib/x", SSL, Reason("import")),), (gone,))
    assert to_text(Answer(packages=(files,))) == (
        "libssl3t64 3.5.1-1   kept 1 path, 1.1 MB; removed 1 path, 500 B\n"
        "  +  /usr/lib/x        1.1 MB  import\n"
        "  -  /usr/share/doc/x  500 B   documentation"
    )


def test_removals_say_why_and_what_they_come_to() -> None:
    gone = (
        Removed("/a", SSL.purl, 500, "documentation", "no program reads it"),
        Removed("/b", "", 1500, "not reachable", "nothing needs it"),
    )
    assert to_text(Answer(removed=gone)) == (
        "2 paths left out, 2.0 kB\n"
        "  /a  500 B   libssl3t64  documentation: no program reads it\n"
        "  /b  1.5 kB              not reachable: nothing needs it"
    )


def test_nothing_of_a_hostile_image_reaches_the_terminal() -> None:
    evil = "/x\x1b[2J\n/usr/bin/faked"
    purl = f"pkg:deb/debian/{evil}@1"
    origin = PackageOrigin(purl, Digest.of(b""))
    entry = kept(evil, origin, Reason(evil, evil, evil))
    answer = Answer(
        (Explanation(entry, (Step(evil, entry.reasons[0]),)),),
        (PackageFiles(purl, (entry,), (Removed(evil, purl, 1, evil, evil),)),),
        (Removed(evil, purl, 1, evil, evil),),
    )
    text = to_text(answer)
    assert "\x1b" not in text
    assert not any(line.startswith("/usr/bin/faked") for line in text.splitlines())


def test_json_says_all_of_it() -> None:
    odd = "/app/caf\udce9"
    entry = kept(odd, SSL, Reason("import", "/app/app.py", "line 1"))
    answer = Answer((Explanation(entry, (Step(odd, entry.reasons[0]),)),))
    data = json.loads(to_json(answer, "oci:x:1"))
    assert data["schemaVersion"] == 1
    assert data["image"] == "oci:x:1"
    assert data["answer"]["explanations"][0]["kept"]["path"] == odd
    assert data["answer"]["explanations"][0]["kept"]["origin"]["archive"] == str(SSL.archive)
