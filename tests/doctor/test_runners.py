"""What `distil doctor` says where nothing can run images, or only the sandbox can."""

from __future__ import annotations

import pytest

from distil.doctor import containers
from distil.doctor.examine import examine
from distil.doctor.findings import RUNNING, Diagnosis, Finding, Status
from distil.report.doctor import to_text
from distil.run.task import Able, Unable


def examined(monkeypatch: pytest.MonkeyPatch, answer: Able | Unable) -> Diagnosis:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setattr(containers, "_ADMINISTRATION", "/nowhere")
    monkeypatch.setattr(containers, "able", lambda: answer)
    return examine(offline=True)


def running(diagnosis: Diagnosis) -> dict[str, Finding]:
    section = next(s for s in diagnosis.sections if s.title == RUNNING)
    return {finding.subject: finding for finding in section.findings}


def test_nothing_can_run_images(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = examined(monkeypatch, Unable("no user namespaces", "as root: allow them"))
    found = running(diagnosis)
    assert found["sandbox"].status is Status.WARN
    assert found["sandbox"].text == "refused: no user namespaces"
    assert found["sandbox"].hint == "as root: allow them"
    assert found["images"].status is Status.WARN
    assert to_text(diagnosis).splitlines()[-1].endswith("; nothing here can run what it builds")


@pytest.mark.parametrize(("ids", "said"), [(True, "users and groups"), (False, "one user")])
def test_the_sandbox_can(monkeypatch: pytest.MonkeyPatch, ids: bool, said: str) -> None:
    diagnosis = examined(monkeypatch, Able(ids))
    assert said in running(diagnosis)["sandbox"].text
    assert to_text(diagnosis).splitlines()[-1].endswith("run images with sandbox")
