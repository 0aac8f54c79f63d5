"""A Debian suite small enough to build images from in a moment, with all that an image needs.

The packages have the names, the relations and the kinds of files of the real ones, so every
stage of a build has something to do: programs and libraries are ELF files that ask for one
another, certificates are real, busybox has its table of applets.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.support.deb_builder import Entry, directory, file, link
from tests.support.elf_builder import Elf
from tests.support.mirror import Mirror

PYTHON_DEB = "pool/main/p/python3.13-minimal/python3.13-minimal_3.13.5-2_amd64.deb"
APPLETS = ("[", "[[", "ash", "cat", "env", "ls", "sh", "wget")

_DATE = 1_750_000_000
"""Of the suites, in seconds: a fixed date, so that what is built has fixed digests."""

_CERTIFICATES = {
    "Test_Authority_One": """\
-----BEGIN CERTIFICATE-----
MIIB2zCCAYKgAwIBAgIUeTDWnB2aizerTupiCpfnEns94bAwCgYIKoZIzj0EAwIw
PDELMAkGA1UEBhMCWFgxEDAOBgNVBAoMB0V4YW1wbGUxGzAZBgNVBAMMElRlc3Qg
QXV0aG9yaXR5IE9uZTAgFw0yNjExMjMxODUwMjVaGA8yMTI2MTAzMDE4NTAyNVow
PDELMAkGA1UEBhMCWFgxEDAOBgNVBAoMB0V4YW1wbGUxGzAZBgNVBAMMElRlc3Qg
QXV0aG9yaXR5IE9uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHobW3Xn8LOO
QELTbjgTvmkg95hzbdzmJrWw4l2eyBBrqb8yefQm9xbtCCbCjfJdgBYSmsCadSMz
Q/oyBKvDn/mjYDBeMB0GA1UdDgQWBBRfT2v4lfegjElbzEYA1aqy+9fmVDAfBgNV
HSMEGDAWgBRfT2v4lfegjElbzEYA1aqy+9fmVDAPBgNVHRMBAf8EBTADAQH/MAsG
A1UdDwQEAwICBDAKBggqhkjOPQQDAgNHADBEAiB+gh2+l5b4jYXQs5MNAeDqMMve
DSz7X0Ukkahep/bKGQIgOKCNa4mrcO7ml0FVgB7jGm3e3wid3QYzoTeVDyRYOLY=
-----END CERTIFICATE-----
""",
    "Test_Authority_Two": """\
-----BEGIN CERTIFICATE-----
MIIB3DCCAYKgAwIBAgIUCl8XxvebuiWYHFNLhq9hZiEwTwgwCgYIKoZIzj0EAwIw
PDELMAkGA1UEBhMCWFgxEDAOBgNVBAoMB0V4YW1wbGUxGzAZBgNVBAMMElRlc3Qg
QXV0aG9yaXR5IFR3bzAgFw0yNjExMjMxODUwMjVaGA8yMTI2MTAzMDE4NTAyNVow
PDELMAkGA1UEBhMCWFgxEDAOBgNVBAoMB0V4YW1wbGUxGzAZBgNVBAMMElRlc3Qg
QXV0aG9yaXR5IFR3bzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMOS6C1rnCZh
7peUWDLWiOT94v5vu3OdXn94j5AB4na550VGN3IaKnssHniwckYRFs1WDzSVtku9
UWil/riKWm+jYDBeMB0GA1UdDgQWBBRmxP04YUgD3nqhQbO+2ZhvCKLr4DAfBgNV
HSMEGDAWgBRmxP04YUgD3nqhQbO+2ZhvCKLr4DAPBgNVHRMBAf8EBTADAQH/MAsG
A1UdDwQEAwICBDAKBggqhkjOPQQDAgNIADBFAiBLA4R6eALO5y9vx5gcslCXtafG
UmpBfULLrdYH8iyyXQIhAKwlBm4jXk+Kgpu9EFBoi9nMOtoBLeSkISEeTbz+amwr
-----END CERTIFICATE-----
""",
}
"""Two authorities made for this; their keys were thrown away."""


@dataclass(frozen=True)
class Port:
    """A mirror, and the architecture that packages are added for."""

    mirror: Mirror
    architecture: str
    multiarch: str
    machine: int
    """Of ELF files."""
    loader: str

    @property
    def libraries(self) -> str:
        return f"/usr/lib/{self.multiarch}"


def fill(mirror: Mirror) -> None:
    """Add the packages to `mirror`'s main suite, and a bookworm that only has its Python."""
    mirror.suites[mirror.main].contents = True
    for suite in mirror.suites.values():
        suite.date = _DATE
        suite.valid_for = None
    for port in (
        Port(mirror, "amd64", "x86_64-linux-gnu", 62, "/lib64/ld-linux-x86-64.so.2"),
        Port(mirror, "arm64", "aarch64-linux-gnu", 183, "/lib/ld-linux-aarch64.so.1"),
    ):
        _system(port)
        _c_library(port)
        _libraries(port)
        _python(port)
        _tools(port)
        _locales(port)
        _players(port)
        _troublesome(port)
    _bookworm(mirror)


def program(port: Port, *needed: str) -> bytes:
    """A dynamically linked program."""
    needed = (*needed, "libc.so.6")
    return Elf(
        machine=port.machine, interpreter=port.loader, needed=needed, flags_1=0x08000000
    ).build()


def library(port: Port, soname: str, *needed: str) -> bytes:
    """A shared library that needs others."""
    return Elf(machine=port.machine, soname=soname, needed=(*needed, "libc.so.6")).build()


def busybox(port: Port) -> bytes:
    """A static program that holds the table of `APPLETS`, as busybox does."""
    table = b"".join(name.encode() + b"\0" for name in APPLETS)
    return Elf(machine=port.machine, kind=2, dynamic=False).build() + b"\0" + table + b"\0"


def _system(mirror: Port) -> None:
    _add(
        mirror,
        "base-files",
        "13.8",
        *(link(f"/{name}", f"usr/{name}") for name in ("bin", "sbin", "lib", "lib64")),
        directory("/etc"),
        directory("/tmp", 0o1777),
        file("/etc/debian_version", "13.1\n"),
        file("/usr/lib/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n'),
        link("/etc/os-release", "../usr/lib/os-release"),
        file("/etc/issue", "only for logins\n"),
        file("/usr/share/common-licenses/Apache-2.0", "the licence\n"),
        file("/etc/dpkg/origins/debian", "Vendor: Debian\n"),
    )
    _add(
        mirror,
        "base-passwd",
        "3.6.7",
        file(
            "/usr/share/base-passwd/passwd.master",
            "root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534:nobody:/nonexistent:/bin/sh\n",
        ),
        file("/usr/share/base-passwd/group.master", "root:*:0:\nmail:*:8:\nnogroup:*:65534:\n"),
    )
    certificates = [
        file(f"/usr/share/ca-certificates/test/{name}.crt", text)
        for name, text in _CERTIFICATES.items()
    ]
    _add(
        mirror,
        "ca-certificates",
        "20250419",
        *certificates,
        file("/usr/sbin/update-ca-certificates", "#!/bin/sh\n", 0o755),
        architecture="all",
        depends="openssl, debconf (>= 0.5) | debconf-2.0",
    )
    _add(
        mirror,
        "tzdata",
        "2025b-4",
        file("/usr/share/zoneinfo/Etc/UTC", b"TZif2" + bytes(39)),
        file("/usr/share/zoneinfo/Europe/Berlin", b"TZif2" + bytes(60)),
        file("/usr/share/doc/tzdata/changelog.gz", b"read by nobody" * 400),
        architecture="all",
        depends="debconf (>= 0.5) | debconf-2.0",
    )
    _add(mirror, "media-types", "13", file("/etc/mime.types", "text/html html\n"))
    _add(mirror, "netbase", "6.5", file("/etc/services", "http 80/tcp\n"))
    _add(mirror, "debconf", "1.5.91", file("/usr/bin/debconf", "#!/bin/sh\n", 0o755))


def _c_library(mirror: Port) -> None:
    loader = PurePosixPath(mirror.loader).name
    _add(
        mirror,
        "libc6",
        "2.41-12",
        file(f"{mirror.libraries}/libc.so.6", _alone(mirror, "libc.so.6"), 0o755),
        file(f"{mirror.libraries}/{loader}", _alone(mirror, loader)),
        link(f"/usr{mirror.loader}", f"{mirror.libraries}/{loader}"),
        file(f"/etc/ld.so.conf.d/{mirror.multiarch}.conf", f"{mirror.libraries}\n"),
        depends="libgcc-s1",
    )
    _add(
        mirror,
        "libc-bin",
        "2.41-12",
        file("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
        file("/usr/share/libc-bin/nsswitch.conf", "hosts: files dns\n"),
        directory("/usr/lib/locale/C.utf8"),
        file("/usr/lib/locale/C.utf8/LC_CTYPE", b"locale"),
        file("/usr/sbin/ldconfig", program(mirror), 0o755),
        depends="libc6 (>> 2.41)",
    )
    _shared(mirror, "libgcc-s1", "14.2.0-19", "libgcc_s.so.1")


def _alone(port: Port, soname: str) -> bytes:
    """A shared library that needs no other."""
    return Elf(machine=port.machine, soname=soname).build()


def _libraries(mirror: Port) -> None:
    _add(
        mirror,
        "libssl3t64",
        "3.5.1-1",
        file(f"{mirror.libraries}/libssl.so.3", library(mirror, "libssl.so.3", "libcrypto.so.3")),
        file(f"{mirror.libraries}/libcrypto.so.3", library(mirror, "libcrypto.so.3")),
        depends="libc6 (>= 2.38)",
    )
    _add(
        mirror,
        "openssl",
        "3.5.1-1",
        file("/etc/ssl/openssl.cnf", "# configuration\n"),
        link("/usr/lib/ssl/openssl.cnf", "/etc/ssl/openssl.cnf"),
        link("/usr/lib/ssl/certs", "/etc/ssl/certs"),
        file("/usr/bin/openssl", program(mirror, "libssl.so.3"), 0o755),
        depends="libc6 (>= 2.38), libssl3t64 (>= 3.5.1)",
    )
    _shared(mirror, "zlib1g", "1:1.3-1", "libz.so.1")
    _shared(mirror, "libstdc++6", "14.2.0-19", "libstdc++.so.6")
    _add(
        mirror,
        "libpq5",
        "17.6-0",
        file(f"{mirror.libraries}/libpq.so.5", library(mirror, "libpq.so.5", "libssl.so.3")),
        depends="libc6 (>= 2.38), libssl3t64 (>= 3.0.0)",
    )


def _python(mirror: Port) -> None:
    minimal = "libpython3.13-minimal (= 3.13.5-2)"
    _add(
        mirror,
        "python3",
        "3.13.5-1",
        link("/usr/bin/python3", "python3.13"),
        depends="python3.13 (>= 3.13.5-1~)",
    )
    _add(
        mirror,
        "python3.13-minimal",
        "3.13.5-2",
        file("/usr/bin/python3.13", program(mirror, "libz.so.1"), 0o755),
        depends=f"{minimal}, libc6 (>= 2.38), zlib1g (>= 1:1.2.0)",
        scripts={"postinst": "#!/bin/sh\nset -e\n", "prerm": "#!/bin/sh\nset -e\n"},
    )
    _add(
        mirror,
        "libpython3.13-minimal",
        "3.13.5-2",
        file("/usr/lib/python3.13/os.py", "name = 'posix'\n"),
        file("/usr/lib/python3.13/site.py", "import os\n"),
        *(
            file(f"/usr/lib/python3.13/encodings/{name}.py", "# what every start imports\n")
            for name in ("__init__", "aliases", "utf_8")
        ),
        file("/usr/lib/python3.13/ssl.py", "import _ssl\n"),
        depends="libc6 (>= 2.38), libssl3t64 (>= 3.5.0)",
    )
    _add(
        mirror,
        "libpython3.13-stdlib",
        "3.13.5-2",
        file("/usr/lib/python3.13/json/__init__.py", "def loads(text): ...\n"),
        file("/usr/lib/python3.13/test/__init__.py", ""),
        file("/usr/lib/python3.13/test/test_json.py", "assert True\n" * 50),
        file(
            f"/usr/lib/python3.13/lib-dynload/_ssl.cpython-313-{mirror.multiarch}.so", _ssl(mirror)
        ),
        depends=f"{minimal}, media-types | mime-support, libc6 (>= 2.38)",
    )
    _add(
        mirror,
        "python3.13",
        "3.13.5-2",
        file("/usr/bin/pydoc3.13", "#!/usr/bin/python3.13\n", 0o755),
        file("/usr/share/man/man1/python3.13.1.gz", b"a manual" * 300),
        depends=(
            "python3.13-minimal (= 3.13.5-2), libpython3.13-stdlib (= 3.13.5-2), "
            "media-types | mime-support, netbase, tzdata"
        ),
    )


def _ssl(port: Port) -> bytes:
    return Elf(machine=port.machine, needed=("libssl.so.3", "libc.so.6")).build()


def _tools(mirror: Port) -> None:
    _add(mirror, "busybox-static", "1:1.37.0-6", file("/usr/bin/busybox", busybox(mirror), 0o755))
    _add(
        mirror,
        "strace",
        "6.13-1",
        file("/usr/bin/strace", program(mirror), 0o755),
        depends="libc6 (>= 2.38)",
    )


def _locales(port: Port) -> None:
    """Locales that share files, as Debian's do."""
    place = "/usr/lib/locale"
    _add(
        port,
        "locales-all",
        "2.41-12",
        file(f"{place}/de_AT.utf8/LC_CTYPE", "letters"),
        file(f"{place}/de_AT.utf8/LC_TIME", "Jänner"),
        link(f"{place}/de_DE.utf8/LC_CTYPE", "../de_AT.utf8/LC_CTYPE"),
        file(f"{place}/de_DE.utf8/LC_TIME", "Januar"),
        file(f"{place}/de_DE@euro/LC_TIME", "Januar, in 1999"),
        file("/usr/share/locale/de/LC_MESSAGES/x.mo", "Nachrichten"),
        depends="libc-l10n (>> 2.41)",
    )
    _add(
        port,
        "libc-l10n",
        "2.41-12",
        file("/usr/share/locale/de/LC_MESSAGES/libc.mo", "Nachrichten"),
        architecture="all",
    )


def _players(port: Port) -> None:
    """Programs that lack libraries their packages do not depend on: by a plug-in, and at all."""
    _add(
        port,
        "player",
        "1.0-1",
        file("/usr/bin/player", program(port, "libplay.so.1"), 0o755),
        file(f"{port.libraries}/libplay.so.1", library(port, "libplay.so.1")),
        file(f"{port.libraries}/player/libgl.so.0.0", library(port, "libgl.so.0", "libshow.so.1")),
        depends="libc6",
    )
    _add(
        port,
        "recorder",
        "1.0-1",
        file("/usr/bin/recorder", program(port, "libtape.so.1", "libshow.so.1"), 0o755),
        depends="libc6",
    )
    tape = library(port, "libtape.so.1", "libspool.so.1")
    _add(port, "libtape1", "1.0-1", file(f"{port.libraries}/libtape.so.1", tape), depends="libc6")
    _shared(port, "libspool1", "1.0-1", "libspool.so.1")
    _shared(port, "libshow1", "1.0-1", "libshow.so.1")


def _troublesome(mirror: Port) -> None:
    _add(mirror, "from-the-future", "1.0-1", depends="needs-newer-libc")
    _add(mirror, "needs-newer-libc", "1.0-1", depends="libc6 (>= 99)")


def _bookworm(mirror: Mirror) -> None:
    """Enough for the hint that its Python would fit."""
    for name, alias in (("bookworm", "oldstable"), ("bookworm-updates", "oldstable-updates")):
        mirror.add_suite(name, alias, version="12.12", date=_DATE)
    security = {"root": "debian-security", "label": "Debian-Security"}
    mirror.add_suite(
        "bookworm-security", "oldstable-security", version="12", date=_DATE, **security
    )
    for name in ("python3", "python3.11-minimal"):
        mirror.add_package(name, "3.11.2-1", suite="bookworm")
    mirror.add_package("libc6", "2.36-9", suite="bookworm")


def _shared(mirror: Port, name: str, version: str, soname: str) -> None:
    """A package of one library."""
    contents = library(mirror, soname)
    _add(
        mirror,
        name,
        version,
        file(f"{mirror.libraries}/{soname}", contents),
        depends="libc6 (>= 2.35)",
    )


def _add(mirror: Port, name: str, version: str, *entries: Entry, **fields: object) -> None:
    """A package with a copyright file, and the directories that lead to its files."""
    licence = file(f"/usr/share/doc/{name}/copyright", f"the terms of {name}\n")
    members = {entry.path: entry for entry in (*entries, licence)}
    for path in list(members):
        for parent in list(PurePosixPath(path).parents)[:-1]:
            members.setdefault(str(parent), directory(str(parent)))
    in_order = [members[path] for path in sorted(members)]
    fields = {"architecture": mirror.architecture, **fields}
    if fields["architecture"] != "all" or mirror.architecture == "amd64":
        mirror.mirror.add_package(name, version, in_order, **fields)  # type: ignore[arg-type]
