"""Other people's tools read the images, and scanners see exactly what distil says is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import test_examples
from tests.e2e.images import Build, distil
from tests.e2e.test_commands import COMMANDS
from tests.support.registry import registry
from tests.support.runners import BuiltImage
from tests.support.scanners import in_syfts_words, seen_by_syft
from tests.support.tools import ROOT, run_tool

pytestmark = [pytest.mark.engine, pytest.mark.network]

EXAMPLES = (*test_examples.EXAMPLES, *COMMANDS)
FORMS = ("production", "debug")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_configuration(example: str, form: str, built: Callable[[str], Build]) -> None:
    image = built(example).form(form)
    name = f"oci:{image.layout}:{image.tag}"
    seen = json.loads(run_tool("skopeo", "inspect", name))
    report = image_report(built(example), form)
    assert seen["Digest"] == report["digest"]
    assert seen["Layers"] == [layer["digest"] for layer in report["layers"]]
    config = json.loads(run_tool("skopeo", "inspect", "--config", name))
    inside = config["config"]
    assert inside["User"].split(":")[0] == "65532"
    assert inside["WorkingDir"] == ("/app" if "python" in built(example).report["plan"] else "/")
    assert inside["Entrypoint"][0] != "/bin/sh"
    archived = json.loads(run_tool("skopeo", "inspect", "--config", archived_name(image)))
    assert archived == config


def test_prints_the_names_and_nothing_else(tmp_path: Path) -> None:
    name, layout, archive = "flask-hello:1.0", tmp_path / "layout", tmp_path / "archive.tar"
    outputs = ("-o", f"oci:{layout}", "-o", f"docker-archive:{archive}")
    printed = distil("build", str(ROOT / "examples/flask-hello"), "-t", name, *outputs)
    assert printed == f"oci:{layout}:1.0\ndocker-archive:{archive}:{name}\n"
    for form in ("", "-debug"):
        for line in printed.splitlines():
            run_tool("skopeo", "inspect", f"{line}{form}")


@pytest.mark.parametrize("example", EXAMPLES)
def test_debug_twin_is_the_production_image_and_one_layer(
    example: str, built: Callable[[str], Build]
) -> None:
    production, debug = (image_report(built(example), form) for form in FORMS)
    layers = [[layer["digest"] for layer in image["layers"]] for image in (production, debug)]
    assert layers[1][:-1] == layers[0]


@pytest.mark.parametrize("example", EXAMPLES)
def test_crane_validates(example: str, built: Callable[[str], Build]) -> None:
    build = built(example)
    with registry() as address:
        name = f"{address}/{example}"
        run_tool("crane", "push", "--index", build.production.layout, f"{name}:all")
        for form in FORMS:
            digest = image_report(build, form)["digest"]
            run_tool("crane", "validate", "--remote", f"{name}@{digest}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_syft_sees_exactly_what_is_there(
    example: str, form: str, built: Callable[[str], Build], tmp_path: Path
) -> None:
    build = built(example)
    image = build.form(form)
    layout = tmp_path / "layout"
    run_tool("skopeo", "copy", f"oci:{image.layout}:{image.tag}", f"oci:{layout}:{image.tag}")
    assert seen_by_syft(f"oci-dir:{layout}") == reported(build, form)


def reported(build: Build, form: str) -> set[tuple[str, str, str]]:
    """What distil says is in the image, in Syft's words."""
    parts = {"packages": "deb", "distributions": "python"}
    result = {
        (kind, component["name"], component["version"])
        for field, kind in parts.items()
        for component in build.report[field]
    }
    for program in build.report["programs"]:
        result |= {in_syfts_words(component) for component in program["components"]}
    if form == "debug":
        result |= {("deb", c["name"], c["version"]) for c in build.report["debugPackages"]}
    return result


def image_report(build: Build, form: str) -> dict[str, Any]:
    return build.report["images"][FORMS.index(form)]


def archived_name(image: BuiltImage) -> str:
    return f"docker-archive:{image.archive}:{image.name}"
