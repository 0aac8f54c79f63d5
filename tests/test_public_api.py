"""What users of the Python API may count on: `distil.pipeline`, name by name.

A change here is a change for them, to be made on purpose and told in the changelog.
"""

from __future__ import annotations

import inspect
import subprocess
import sys

import msgspec

from distil import pipeline

FUNCTIONS = {
    "init": "(source: 'Path', *, write: 'bool' = True, force: 'bool' = False) -> 'InitialSpec'",
    "schema": "() -> 'str'",
    "build": "(request: 'BuildRequest') -> 'BuildSummary | IndexSummary'",
    "lock": "(request: 'LockRequest') -> 'LockSummary'",
    "why": (
        "(image: 'str', question: 'Question', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset()), *,"
        " verify: 'bool' = False) -> 'Found'"
    ),
    "check": (
        "(image: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'CheckReport'"
    ),
    "inspect": (
        "(image: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'Description'"
    ),
    "raw_manifest": (
        "(image: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'bytes'"
    ),
    "raw_config": (
        "(image: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'bytes'"
    ),
    "ls": "(asked: 'Listed') -> 'list[Node]'",
    "cat": (
        "(image: 'str', path: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'Iterator[bytes]'"
    ),
    "export": (
        "(image: 'str', file: 'Path', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'None'"
    ),
    "exported": (
        "(image: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'Iterator[bytes]'"
    ),
    "layers": (
        "(image: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'Layering'"
    ),
    "sbom": "(request: 'SbomRequest') -> 'SbomReport'",
    "sbom_document": "(inventory: 'Inventory | IndexInventory', form: 'str') -> 'Iterator[bytes]'",
    "read_sbom": "(file: 'Path') -> 'Inventory | IndexInventory'",
    "write_sbom": "(pieces: 'Iterable[bytes]', file: 'Path') -> 'None'",
    "verify_sbom": "(request: 'SbomRequest', file: 'str') -> 'tuple[Compared, ...]'",
    "scan": "(request: 'ScanRequest', advisories: 'Advisories | None' = None) -> 'ScanReport'",
    "against": (
        "(request: 'ScanRequest', file: 'Path',"
        " advisories: 'Advisories | None' = None) -> 'Against'"
    ),
    "quickview": (
        "(request: 'ScanRequest', advisories: 'Advisories | None' = None) -> 'QuickView'"
    ),
    "verify_vex": "(request: 'VexRequest') -> 'tuple[VerifiedVex, ...]'",
    "files": "(request: 'FilesRequest') -> 'OwnedFiles'",
    "diff": (
        "(before: 'str', after: 'str', platform: 'str' = '',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'ImageDifference'"
    ),
    "compare": (
        "(request: 'CompareRequest', advisories: 'Advisories | None' = None) -> 'Comparison'"
    ),
    "copy": "(request: 'CopyRequest') -> 'CopySummary'",
    "recommend": (
        "(request: 'RecommendRequest', advisories: 'Advisories | None' = None) -> 'Recommendation'"
    ),
    "recommend_image": (
        "(request: 'RecommendImageRequest', advisories: 'Advisories | None' = None) -> 'Advice'"
    ),
    "run": ("(request: 'RunRequest', started: 'Callable[[Running], None] | None' = None) -> 'Ran'"),
    "tags": (
        "(place: 'str', settings: 'StoreSettings' = StoreSettings(insecure=frozenset()))"
        " -> 'list[str]'"
    ),
    "tag": (
        "(image: 'str', names: 'Sequence[str]',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'list[str]'"
    ),
    "delete": (
        "(image: 'str', settings: 'StoreSettings' = StoreSettings(insecure=frozenset()))"
        " -> 'Digest'"
    ),
    "login": (
        "(registry: 'str', user: 'str', secret: 'str',"
        " settings: 'StoreSettings' = StoreSettings(insecure=frozenset())) -> 'LoggedIn'"
    ),
    "logout": "(registry: 'str' = '') -> 'LoggedOut'",
    "doctor": "(*, offline: 'bool' = False) -> 'Diagnosis'",
    "db_update": "(request: 'DbRequest') -> 'DbUpdated'",
    "db_export": "(request: 'DbRequest') -> 'str'",
    "db_import": "(request: 'DbRequest') -> 'DatabaseStatus'",
    "db_status": "(database: 'Path | None' = None) -> 'DatabaseStatus'",
    "db_verify": "(database: 'Path | None' = None) -> 'DatabaseStatus'",
    "cache_info": "() -> 'CacheInfo'",
    "cache_gc": "(limit: 'int', *, verify: 'bool' = False) -> 'CacheCleaned'",
}

STRUCTS = {
    "InitialSpec": ["path", "text", "evidence", "missing"],
    "BuildRequest": (
        [
            "source",
            "tags",
            "outputs",
            "load",
            "push",
            "settings",
            "platforms",
            "overrides",
            "profile",
            "debug",
            "dry_run",
            "refresh",
            "offline",
            "locked",
            "vendor",
            "secrets",
            "verify_reproducible",
            "scan",
            "fail_on",
            "database",
            "now",
        ]
    ),
    "LockRequest": [
        "source",
        "platforms",
        "upgrade",
        "vendor",
        "refresh",
        "offline",
        "secrets",
        "settings",
    ],
    "CompareRequest": [
        "image",
        "to",
        "platform",
        "conditions",
        "database",
        "now",
        "hearing",
        "settings",
    ],
    "CopyRequest": [
        "source",
        "destination",
        "platforms",
        "all_platforms",
        "referrers",
        "settings",
    ],
    "CopySummary": ["reference", "digest", "platforms", "artifacts", "is_new_index"],
    "RecommendImageRequest": [
        "image",
        "platform",
        "bases",
        "database",
        "now",
        "settings",
        "refresh",
        "offline",
    ],
    "RecommendRequest": [
        "source",
        "arguments",
        "bases",
        "seconds",
        "settings",
        "secrets",
        "database",
        "now",
        "refresh",
        "offline",
    ],
    "RunRequest": ["image", "platform", "launch", "way", "settings"],
    "Running": ["way", "ports"],
    "Ran": ["way", "ended"],
    "Listed": ["image", "path", "layer", "recursive", "platform", "settings"],
    "SbomRequest": [
        "image",
        "platform",
        "scope",
        "components_only",
        "base",
        "attached",
        "hashed",
        "settings",
    ],
    "SbomReport": ["surveyed", "attached"],
    "Against": ["report", "scan", "disagreement"],
    "ScanRequest": [
        "image",
        "platform",
        "all_platforms",
        "upgrades",
        "base",
        "database",
        "now",
        "oldest",
        "max_age",
        "hearing",
        "settings",
    ],
    "Hearing": ["vex", "ignore", "attached"],
    "VexRequest": ["image", "file", "platform", "database", "settings"],
    "VerifiedVex": ["name", "form", "author", "proofs", "others", "is_informed"],
    "ScanReport": ["image", "scanned", "index", "missing"],
    "Scanned": ["scan", "inventory", "surveyed"],
    "QuickView": ["scan", "inventory"],
    "Compared": ["name", "platform", "differences", "trouble"],
    "FilesRequest": [
        "image",
        "paths",
        "unowned",
        "modified",
        "executable",
        "package",
        "platform",
        "settings",
    ],
    "OwnedFiles": ["inventory", "files"],
    "LoggedIn": ["key", "place"],
    "LoggedOut": ["erased"],
    "Found": ["answer", "from_cache"],
    "CheckReport": [
        "image",
        "platform",
        "elf_files",
        "interpreters",
        "faults",
        "ledger",
        "plugins",
    ],
    "StoreSettings": ["insecure"],
    "DbRequest": [
        "place",
        "database",
        "ecosystems",
        "allow_older",
        "offline",
        "now",
        "settings",
    ],
    "DbUpdated": ["feeds", "status"],
    "CacheInfo": ["schema_version", "directory", "areas"],
    "CacheCleaned": ["schema_version", "collected", "verified"],
}


def own() -> dict[str, object]:
    """The public names."""
    return {name: getattr(pipeline, name) for name in pipeline.__all__}


def test_names() -> None:
    assert set(own()) == {*FUNCTIONS, *STRUCTS}


def test_functions() -> None:
    found = {name: str(inspect.signature(own()[name])) for name in FUNCTIONS}  # type: ignore[arg-type]
    assert found == FUNCTIONS


def test_values() -> None:
    fields = {
        name: [field.name for field in msgspec.structs.fields(own()[name])]  # type: ignore[arg-type]
        for name in STRUCTS
    }
    assert fields == STRUCTS


def test_everything_is_documented() -> None:
    assert [name for name, value in own().items() if not inspect.getdoc(value)] == []


def test_help_loads_nothing_heavy() -> None:
    """`distil --help` answers at once because of what it leaves alone."""
    heavy = ("distil.pipeline", "msgspec", "urllib3", "rich", "pysequoia", "packaging", "uv")
    script = (
        "import sys\nfrom distil.cli import run\nassert run(['--help']) == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_the_package_says_its_version() -> None:
    import distil

    assert distil.__all__ == ["__version__"]
    assert distil.__version__[0].isdigit()
