"""Applications of .NET: the packages of their deps.json."""

from __future__ import annotations

import pytest

from distil.catalog.facts import Claim, Facts, Unreadable
from distil.catalog.formats.dotnet import deps_json
from tests.catalog.formats.language_samples import SAMPLES


def test_the_application_and_the_packages_that_have_files() -> None:
    application, package = deps_json(*SAMPLES["dotnet"]).stated
    assert application.component.purl == "pkg:nuget/App@1.0.0"
    assert application.needs == package.keys == ("dotnet:/app/App.deps.json:Newtonsoft.Json",)
    assert application.claims == (
        Claim("/app/App.deps.json", is_optional=True),
        Claim("/app/App.runtimeconfig.json", is_optional=True),
        Claim("/app/App.dll"),
    )
    component = package.component
    assert (component.kind, component.name, component.version) == (
        "dotnet",
        "Newtonsoft.Json",
        "13.0.3",
    )
    assert component.purl == "pkg:nuget/Newtonsoft.Json@13.0.3"
    (checksum,) = component.checksums
    assert checksum.algorithm == "sha512"
    assert checksum.value.startswith("cf83e1357eefb8bdf1542850d66d8007")
    assert [claim.path for claim in package.claims] == [
        "/app/Newtonsoft.Json.dll",
        "/app/libx.so",
        "/app/de/Newtonsoft.Json.resources.dll",
        "/app/runtimes/win/lib/net6.0/W.dll",
        "/etc/x",
    ]


def test_a_document_without_libraries() -> None:
    assert deps_json("/app/App.deps.json", b"{}") == Facts()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"libraries": []}', b'{"targets": {"x": 1}}'])
def test_what_is_no_document(content: bytes) -> None:
    with pytest.raises(Unreadable):
        deps_json("/app/App.deps.json", content)
