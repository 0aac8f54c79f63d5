"""`distil quickview`: what is told of one image, and that it decides nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distil import pipeline
from distil.cli import run
from distil.fetch.cache import Cache
from distil.model.platform import this_machine
from tests.pipeline.test_sbom import index  # noqa: F401
from tests.pipeline.test_scan import database, image  # noqa: F401 - fixtures
from tests.vulns.database.feeds import NOW

DAY = "2026-11-18"


def test_one_screen(image: str, database: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert run(["quickview", image, "--now", DAY]) == 0
    told = capsys.readouterr().out
    assert "1 critical" in told
    assert "tool" in told
    assert "CVE-2024-1002 (CISA KEV)" in told
    assert len(told.split("\n")) < 25


def test_json(image: str, database: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert run(["quickview", image, "--now", DAY, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scan"]["summary"]["vulnerabilities"] == 2
    assert found["scan"]["upgrades"][0]["target"] == "1.2-4"
    assert found["subject"]["name"] == image


def test_without_a_database(
    image: str,  # noqa: F811
    cache: Cache,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DISTIL_DB", str(tmp_path / "none.db"))
    assert run(["quickview", image]) == 2
    assert "distil db update" in capsys.readouterr().err


def test_of_several_it_is_this_machines_or_the_one_named(index: str, database: Path) -> None:  # noqa: F811
    asked = pipeline.ScanRequest(image=index, now=NOW)
    assert pipeline.quickview(asked).scan.subject.platform == str(this_machine())
    assert len(pipeline.scan(asked).scans) == 2
    arm = pipeline.ScanRequest(image=index, now=NOW, platform="linux/arm64")
    assert pipeline.quickview(arm).scan.subject.platform == "linux/arm64/v8"
