"""The verbs as functions: distil's Python API, one file a verb.

Each reads top to bottom as what is done; what each step means is said where it is written. A
verb's file is loaded when the verb is first asked for: looking at an image needs no builder.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings
    from distil.pipeline.against import Against, against
    from distil.pipeline.build import BuildRequest, build
    from distil.pipeline.cache import CacheCleaned, CacheInfo, cache_gc, cache_info
    from distil.pipeline.cat import cat
    from distil.pipeline.check import CheckReport, check
    from distil.pipeline.compare import CompareRequest, compare
    from distil.pipeline.copy import CopyRequest, CopySummary, copy
    from distil.pipeline.db import (
        DbRequest,
        DbUpdated,
        db_export,
        db_import,
        db_status,
        db_update,
        db_verify,
    )
    from distil.pipeline.diff import diff
    from distil.pipeline.doctor import doctor
    from distil.pipeline.export import export, exported
    from distil.pipeline.files import FilesRequest, OwnedFiles, files
    from distil.pipeline.hearing import Hearing
    from distil.pipeline.init import InitialSpec, init, schema
    from distil.pipeline.inspect import inspect, raw_config, raw_manifest
    from distil.pipeline.layers import layers
    from distil.pipeline.lock import LockRequest, lock
    from distil.pipeline.login import LoggedIn, login
    from distil.pipeline.logout import LoggedOut, logout
    from distil.pipeline.ls import Listed, ls
    from distil.pipeline.quickview import QuickView, quickview
    from distil.pipeline.recommend import RecommendRequest, recommend
    from distil.pipeline.recommend_image import RecommendImageRequest, recommend_image
    from distil.pipeline.run import Ran, Running, RunRequest, run
    from distil.pipeline.sbom import (
        Compared,
        SbomReport,
        SbomRequest,
        read_sbom,
        sbom,
        sbom_document,
        verify_sbom,
        write_sbom,
    )
    from distil.pipeline.scan import Scanned, ScanReport, ScanRequest, scan
    from distil.pipeline.tags import delete, tag, tags
    from distil.pipeline.vex import VerifiedVex, VexRequest, verify_vex
    from distil.pipeline.why import Found, why

__all__ = [
    "Against",
    "BuildRequest",
    "CacheCleaned",
    "CacheInfo",
    "CheckReport",
    "CompareRequest",
    "Compared",
    "CopyRequest",
    "CopySummary",
    "DbRequest",
    "DbUpdated",
    "FilesRequest",
    "Found",
    "Hearing",
    "InitialSpec",
    "Listed",
    "LockRequest",
    "LoggedIn",
    "LoggedOut",
    "OwnedFiles",
    "QuickView",
    "Ran",
    "RecommendImageRequest",
    "RecommendRequest",
    "RunRequest",
    "Running",
    "SbomReport",
    "SbomRequest",
    "ScanReport",
    "ScanRequest",
    "Scanned",
    "StoreSettings",
    "VerifiedVex",
    "VexRequest",
    "against",
    "build",
    "cache_gc",
    "cache_info",
    "cat",
    "check",
    "compare",
    "copy",
    "db_export",
    "db_import",
    "db_status",
    "db_update",
    "db_verify",
    "delete",
    "diff",
    "doctor",
    "export",
    "exported",
    "files",
    "init",
    "inspect",
    "layers",
    "lock",
    "login",
    "logout",
    "ls",
    "quickview",
    "raw_config",
    "raw_manifest",
    "read_sbom",
    "recommend",
    "recommend_image",
    "run",
    "sbom",
    "sbom_document",
    "scan",
    "schema",
    "tag",
    "tags",
    "verify_sbom",
    "verify_vex",
    "why",
    "write_sbom",
]

_ELSEWHERE: Final = {
    "Against": "against",
    "BuildRequest": "build",
    "CacheCleaned": "cache",
    "CacheInfo": "cache",
    "CheckReport": "check",
    "CompareRequest": "compare",
    "Compared": "sbom",
    "CopyRequest": "copy",
    "CopySummary": "copy",
    "DbRequest": "db",
    "DbUpdated": "db",
    "FilesRequest": "files",
    "Found": "why",
    "Hearing": "hearing",
    "InitialSpec": "init",
    "Listed": "ls",
    "LockRequest": "lock",
    "LoggedIn": "login",
    "LoggedOut": "logout",
    "OwnedFiles": "files",
    "QuickView": "quickview",
    "Ran": "run",
    "RecommendImageRequest": "recommend_image",
    "RecommendRequest": "recommend",
    "RunRequest": "run",
    "Running": "run",
    "SbomReport": "sbom",
    "SbomRequest": "sbom",
    "ScanReport": "scan",
    "ScanRequest": "scan",
    "Scanned": "scan",
    "VerifiedVex": "vex",
    "VexRequest": "vex",
    "cache_gc": "cache",
    "cache_info": "cache",
    "db_export": "db",
    "db_import": "db",
    "db_status": "db",
    "db_update": "db",
    "db_verify": "db",
    "delete": "tags",
    "exported": "export",
    "raw_config": "inspect",
    "raw_manifest": "inspect",
    "read_sbom": "sbom",
    "sbom_document": "sbom",
    "schema": "init",
    "tag": "tags",
    "verify_sbom": "sbom",
    "verify_vex": "vex",
    "write_sbom": "sbom",
}
"""The file of each name that is not called like its file."""


class _Verbs(ModuleType):
    """The package as a module in which a verb's name is the verb, and not its file."""

    def __setattr__(self, name: str, value: object) -> None:
        # Python binds a submodule to its name in the package as soon as it is loaded.
        if isinstance(value, ModuleType) and name in __all__:
            value = getattr(value, name)
        super().__setattr__(name, value)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = "distil.image.stores" if name == "StoreSettings" else None
    module = importlib.import_module(place or f"{__name__}.{_ELSEWHERE.get(name, name)}")
    value = getattr(module, name)
    globals()[name] = value
    return value


sys.modules[__name__].__class__ = _Verbs
