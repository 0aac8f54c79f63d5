"""What the closure check refuses, and that a written image is what its ledger says."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.support.accounts import unaccounted
from tests.support.applications import FLASK
from tests.support.command import World
from tests.support.layouts import blob, config, manifest, tag_digest

SITE = "usr/local/lib/python3.13/dist-packages"


@pytest.mark.parametrize("level", ["packages", "reachable"])
def test_every_path_of_both_images_has_an_origin_and_a_reason(warm: World, level: str) -> None:
    text = '[debug]\npackages = ["openssl"]\n'
    done = warm.build(warm.app({**FLASK, "distil.toml": text}), "--level", level)
    assert done.code == 0, done.stderr
    for tag in ("1.0", "1.0-debug"):
        assert unaccounted(warm.out, tag) == []
        report = warm.distil("check", f"oci:{warm.out}:{tag}", "--format", "json").data["report"]
        assert report["faults"] == []
        assert report["ledger"] > 100


@pytest.mark.parametrize("level", ["packages", "reachable"])
@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("import yaml", "add the distribution that has it to the dependencies: pyyaml"),
        ("from some_thing.part import x", "dependencies: some-thing"),
        ("import tkinter", 'write packages = ["python3-tk"]'),
        ("try:\n    import yaml\nexcept ImportError:\n    yaml = None", ""),
        ("def f():\n    import yaml", ""),
    ],
)
def test_a_module_that_nothing_has(warm: World, level: str, statement: str, hint: str) -> None:
    app = warm.app({**FLASK, "app.py": f"{statement}\n{FLASK['app.py']}"})
    done = warm.build(app, "--level", level)
    if not hint:
        assert done.code == 0, done.stderr
        return
    assert done.code == 1
    assert "/app/app.py: line 1 imports" in done.stderr
    assert hint in done.stderr
    assert not warm.out.exists()


def test_the_tests_of_the_library_stay_where_something_needs_them(warm: World) -> None:
    app = {**FLASK, "app.py": f"import test.test_json\n{FLASK['app.py']}"}
    done = warm.build(warm.app(app), "--level", "packages")
    assert done.code == 1
    assert "python leftovers" in done.stderr
    assert 'write packages = ["libpython3.13-stdlib"]' in done.stderr
    app["distil.toml"] = '[app]\npackages = ["libpython3.13-stdlib"]\n'
    done = warm.build(warm.app(app), "--level", "packages")
    assert done.code == 0, done.stderr
    del app["distil.toml"]
    shutil.rmtree(warm.root / "shop")
    assert warm.build(warm.app(app)).code == 0
    why = warm.distil("why", f"oci:{warm.out}:1.0", "/usr/lib/python3.13/test/test_json.py")
    assert "imported by  /app/app.py" in why.stdout, why.stdout


@pytest.mark.parametrize("level", ["packages", "reachable"])
def test_what_is_not_on_the_way_to_a_start_refuses_nothing(warm: World, level: str) -> None:
    files = {
        "kit/__init__.py": "",
        "kit/testing/__init__.py": "",
        "kit/testing/resources.py": "from test import test_json\n",
        "kit/draw.py": "import tkinter\nimport absent\ndef main(): ...\n",
    }
    scripts = "[console_scripts]\ndraw = kit.draw:main\n"
    warm.house.add("kit", files=files, requires=["unused-kit"], entry_points=scripts)
    warm.house.add("unused-kit", files={"unused_kit.py": ""})
    app = {**FLASK, "app.py": f"import kit\n{FLASK['app.py']}"}
    app["requirements.txt"] = f"{FLASK['requirements.txt']}kit==1.0\n"
    done = warm.build(warm.app(app), "--level", level)
    assert done.code == 0, done.stderr
    assert warm.distil("check", f"oci:{warm.out}:1.0").code == 0


@pytest.mark.parametrize(
    ("lost", "what"),
    [
        (f"{SITE}/flask/__init__.py", "flask, which is not there"),
        (f"{SITE}/gunicorn/__main__.py", "gunicorn.__main__ is not there"),
        ("usr/lib/python3.13/encodings/__init__.py", "cannot start without"),
        ("etc/passwd", "it is in the ledger, and not in the image"),
    ],
)
def test_an_image_that_lost_a_file_is_found_out(warm: World, lost: str, what: str) -> None:
    assert warm.build(warm.app()).code == 0
    rewrite(warm.out, "1.0", lost)
    done = warm.distil("check", f"oci:{warm.out}:1.0")
    assert done.code == 1
    assert what in done.stdout


def rewrite(layout: Path, tag: str, lost: str) -> None:
    """Write the image anew without the file `lost`; its ledger stays, and refers to it."""
    old, settings = manifest(layout, tag), config(layout, tag)
    for number, layer in enumerate(old["layers"]):
        data = without(blob(layout, layer["digest"]), lost)
        if data is not None:
            settings["rootfs"]["diff_ids"][number] = f"sha256:{hashlib.sha256(data).hexdigest()}"
            old["layers"][number] |= put(layout, gzip.compress(data, mtime=0))
    old["config"] |= put(layout, json.dumps(settings).encode())
    index = json.loads((layout / "index.json").read_bytes())
    digest = tag_digest(layout, tag)
    before = next(entry for entry in index["manifests"] if entry["digest"] == digest)
    before |= put(layout, json.dumps(old).encode())
    for number, entry in enumerate(index["manifests"]):
        document = json.loads(blob(layout, entry["digest"]))
        if document.get("subject", {}).get("digest") == digest:
            document["subject"] |= {"digest": before["digest"], "size": before["size"]}
            index["manifests"][number] = entry | put(layout, json.dumps(document).encode())
    (layout / "index.json").write_text(json.dumps(index))


def without(layer: bytes, lost: str) -> bytes | None:
    """The tar of a layer less one entry, None when it has no such entry."""
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(layer)) as source,
        tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        if lost not in source.getnames():
            return None
        for entry in source:
            if entry.name != lost:
                target.addfile(entry, source.extractfile(entry) if entry.isfile() else None)
    return out.getvalue()


def put(layout: Path, data: bytes) -> dict[str, str | int]:
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs" / "sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}
