"""What is installed as one directory, by the file in it that says its version: Java, Go.

The directory is claimed as a whole: neither lists its files.
"""

from __future__ import annotations

import re
from typing import Final

from distil.catalog.cpe import cpe
from distil.catalog.facts import Claim, Content, Facts, Stated
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_LARGEST: Final = 64 << 10
"""Bytes of such a file that are read."""
_GO_VERSION: Final = re.compile(r"go(\d+\.\d+(?:\.\d+|beta\d+|alpha\d+|rc\d+|-[_0-9a-z]+)?)")
_LEGACY: Final = re.compile(r"([^_]+)_([^_-]+)(?:-[^_]*)?$")
"""A version as before JEP 223: ``1.8.0_302-b08``."""


def go_toolchain(path: str, content: Content) -> Facts:
    """Go's own tools, by the file ``VERSION`` in their directory."""
    version = _GO_VERSION.match(content[:_LARGEST].decode("utf-8", "replace"))
    if version is None:
        return Facts()
    component = InventoryComponent(
        name="go",
        version=version[1],
        kind="binary",
        purl=package_url("generic", "go", version[1]),
        cpes=(cpe("golang:go", version[1]),),
    )
    return Facts((Stated(component, (f"binary:{path}:go",), _directory(path)),))


def java_runtime(path: str, content: Content) -> Facts:
    """A Java runtime, by the file ``release`` in its directory (JEP 223); nothing of others."""
    release = _fields(content[:_LARGEST].decode("utf-8", "replace"))
    if not release.get("JAVA_VERSION") and not release.get("JAVA_RUNTIME_VERSION"):
        return Facts()
    version = _java_version(release)
    vendor, product = _vendor_and_product(release, path)
    repository = release.get("SOURCE_REPO") or release.get("BUILD_SOURCE_REPO") or ""
    component = InventoryComponent(
        name=product,
        version=version,
        kind="binary",
        purl=package_url(
            "generic",
            product,
            version,
            namespace=vendor,
            qualifiers=(("repository_url", repository),),
        ),
        supplier=release.get("IMPLEMENTOR", ""),
        cpes=tuple(_java_cpe(one, version) for one in _products(vendor, product)),
        properties=tuple(
            (name.lower().replace("_", "-"), release[name])
            for name in ("IMAGE_TYPE", "IMPLEMENTOR_VERSION", "JAVA_VERSION", "JVM_VARIANT", "LIBC")
            if release.get(name)
        ),
    )
    return Facts((Stated(component, (f"java-runtime:{path}",), _directory(path)),))


def _directory(path: str) -> tuple[Claim, ...]:
    """A claim of the directory of `path`, but never of the root or of one directly below it."""
    directory = path.rpartition("/")[0]
    return (Claim(directory, is_tree=True),) if directory.count("/") > 1 else (Claim(path),)


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value.strip('"') for name, separator, value in pairs if separator}


def _java_version(release: dict[str, str]) -> str:
    """As Syft chooses it: what says most, and agrees with the short version."""
    java = release.get("JAVA_VERSION", "")
    full = release.get("FULL_VERSION", "")
    if release.get("JAVA_RUNTIME_VERSION"):
        return release["JAVA_RUNTIME_VERSION"]
    if full and full.partition(".")[0] == java.partition(".")[0]:
        return full
    return java


def _vendor_and_product(release: dict[str, str], path: str) -> tuple[str, str]:
    implementor = release.get("IMPLEMENTOR", "").lower().replace(" ", "")
    kit = "jre" if "jre" in release.get("IMAGE_TYPE", "").lower() else "jdk"
    if "azul" in implementor or "zulu" in path:
        return "azul", "zulu"
    if "sun" in implementor:
        return "sun", kit
    if "oracle" in implementor or "oracle" in path:
        return "oracle", kit
    return "oracle", "openjdk"


def _products(vendor: str, product: str) -> tuple[str, ...]:
    """Vendors and products by which vulnerabilities of this runtime are known."""
    if vendor == "azul":
        return ("azul:zulu", "oracle:openjdk")
    if product == "openjdk":
        return ("oracle:openjdk",)
    names = ("jre", "jdk") if product == "jdk" else ("jre",)
    editions = ("oracle:java_se",) if vendor == "oracle" else ()
    return (*editions, *(f"{vendor}:{name}" for name in names))


def _java_cpe(product: str, version: str) -> str:
    legacy = _LEGACY.match(version)
    if legacy is None:
        return cpe(product, version.partition("+")[0])
    update = legacy[2] if "update" in legacy[2] else f"update{legacy[2].lstrip('0') or '0'}"
    return cpe(product, legacy[1]).replace(":*", f":{update}", 1)
