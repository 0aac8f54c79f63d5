"""What is recommended for an image, as text: a whole one, and one of which little is known."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from distil.model.finding import Upgrade
from distil.model.inventory import Answer
from distil.model.spec import Level
from distil.recommend.advice import Advice
from distil.recommend.bases import Base, BaseOutcome
from distil.recommend.counts import Counts
from distil.recommend.lines import lines_for
from distil.recommend.parts import Needed, Part, Parts
from distil.recommend.rebuilt import Change, Rebuilt
from distil.recommend.recognised import Recognised
from distil.recommend.worth import Advised
from distil.report.recommend_image import to_json, to_text
from tests.support.spoken import check_text
from tests.vulns.samples import DATABASE, NOW

SNAPSHOTS = Path(__file__).with_name("snapshots")

PYTHON = Recognised(
    name="python", title="Python", version="3.11.2", evidence="the container starts gunicorn"
)


def upgrade(kind: str, package: str, installed: str, target: str, step: str, **more) -> Advised:
    one = Upgrade(
        kind=kind,
        ecosystem="x",
        package=package,
        names=(package,),
        installed=installed,
        target=target,
        step=step,
        fixes=("CVE-1", "CVE-2"),
    )
    one = msgspec.structs.replace(one, **more)
    return Advised(upgrade=one, fixed=Counts(high=1, low=1), worth=1.0, lines=lines_for(one))


def base(suite: str, level: Level, version: str, counts: Counts, **more) -> BaseOutcome:
    candidate = Base(base=suite, level=level, packages=("python3",), start=("python3",))
    found = BaseOutcome(
        candidate=candidate,
        size=15_900_000,
        uncompressed_size=39_300_000,
        packages=36,
        runtime=msgspec.structs.replace(PYTHON, version=version),
        counts=counts,
    )
    return msgspec.structs.replace(found, **more)


BEST = base("debian:bookworm", Level.REACHABLE, "3.11.2", Counts(), ends="2028-06-30")
NEWER = base("debian:trixie", Level.REACHABLE, "3.13.5", Counts(unrated=1), ends="2030-06-30")
WHOLE = Advice(
    image="oci:out/shop:1.4",
    platform="linux/amd64",
    system="Debian GNU/Linux 12 (bookworm)",
    ends="2028-06-30",
    is_ours=False,
    runtime=PYTHON,
    counts=Counts(
        critical=3, high=44, fixable=40, exploited=1, answer=Answer.PARTIAL, why=("old",)
    ),
    parts=Parts(
        system=Part(size=217_200_000, components=124, counts=Counts(critical=1, high=17)),
        own=Part(size=38_300_000, components=25, counts=Counts(critical=2)),
    ),
    needed=Needed(libraries=("libz.so.1",), is_musl=True),
    upgrades=(
        upgrade("python", "jinja2", "3.1.2", "3.1.6", "patch"),
        upgrade("python", "x", "1", "2", "major", remains=("CVE-3",), brings=("CVE-4", "CVE-5")),
        upgrade("deb", "openssl", "3.0.9-1", "3.0.22-1", "update"),
        upgrade("deb", "zlib", "1-1", "1-2", "update", fixes=("CVE-9",)),
    ),
    rebuilt=Rebuilt(
        base="debian:bookworm 12.15",
        date=NOW,
        created=0,
        is_ours=False,
        changes=(Change("libssl3", "3.0.9-1", "3.0.22-1"), Change("old", "1", "")),
        fixes=("CVE-1", "CVE-2"),
        brings=("CVE-7",),
        before=Counts(high=9),
        after=Counts(high=8),
    ),
    bases=(
        BEST,
        NEWER,
        base("debian:forky", Level.REACHABLE, "3.13.5", Counts(answer=Answer.UNKNOWN)),
        base("debian:sid", Level.REACHABLE, "", Counts(), error="it expired", hint="another"),
        base("debian:x", Level.PACKAGES, "3.11.1", Counts(), lacking=("libz.so.1",)),
    ),
    best=BEST,
    newer=NEWER,
    remarks=("something was not \x1b[31mknown",),
    database=DATABASE,
    now=NOW,
)


def test_text() -> None:
    check_text(SNAPSHOTS / "recommend-image.txt", to_text(WHOLE) + "\n")


def test_all_of_it() -> None:
    text = to_text(WHOLE, verbose=True)
    assert "    libssl3  3.0.9-1  →  3.0.22-1" in text
    assert "    old      1        →  gone" in text
    assert "debian:sid, level reachable: it expired\n    hint: another" in text


def test_little_is_known() -> None:
    nothing = Part(size=0, components=0, counts=Counts())
    bare = Advice(
        image="oci:x",
        platform="linux/amd64",
        system="",
        is_ours=False,
        runtime=None,
        counts=Counts(),
        parts=Parts(system=nothing, own=nothing),
        remarks=("no runtime was recognised, so no base was made for one",),
        database=DATABASE,
        now=NOW,
    )
    assert to_text(bare).splitlines() == [
        "image    oci:x on linux/amd64",
        "found    no vulnerabilities that count",
        "",
        "note: no runtime was recognised, so no base was made for one",
        "",
        "nothing that was tried is better than what is there",
    ]


def test_json() -> None:
    found = json.loads(to_json(WHOLE))
    assert found["schemaVersion"] == 1
    told = found["advice"]
    assert told["best"]["candidate"]["base"] == "debian:bookworm"
    assert told["database"]["digest"] == DATABASE.digest
    assert "path" not in told["database"]
    assert told["upgrades"][0]["lines"] == [{"where": "requirements.txt", "text": "jinja2>=3.1.6"}]
