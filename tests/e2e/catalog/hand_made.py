"""What package managers leave whose packages no index here has, written as they write it.

Each is path and contents. The texts are shortened from real ones: Alpine 3.20, Wolfi's way to
split packages, OpenWrt 23.05, Composer 2.7, conda 24.5, the .NET SDK 8, Bundler 2.6, LuaRocks 3.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping

import zstandard

Files = Mapping[str, str | bytes]


def _apk(fields: str, files: Mapping[str, str] = {}) -> str:
    """A stanza of Alpine's database; the files it has are listed with their SHA-1."""
    lines = [fields.strip()]
    for path, content in files.items():
        directory, _, name = path.rpartition("/")
        digest = base64.b64encode(hashlib.sha1(content.encode()).digest()).decode()
        lines += [f"F:{directory}", f"R:{name}", "a:0:0:755", f"Z:Q1{digest}"]
    return "\n".join(lines) + "\n\n"


_MUSL = {"lib/ld-musl-x86_64.so.1": "the loader\n"}
_BUSYBOX = {"bin/busybox": "all of it\n", "etc/securetty": "tty1\n"}
_PYTHON = {"usr/bin/python3.12": "python\n"}
_PIP = {
    "usr/lib/python3.12/site-packages/pip-24.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: pip\nVersion: 24.0\nLicense: MIT\n\n"
    ),
    "usr/lib/python3.12/site-packages/pip-24.0.dist-info/RECORD": "",
}

ALPINE: Files = {
    "/etc/os-release": (
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n'
    ),
    "/etc/alpine-release": "3.20.3\n",
    "/lib/apk/db/installed": "".join(
        (
            _apk(
                "C:Q1Fg+4SSmeSjCB5d8pHKX3DSBZ0TM=\nP:musl\nV:1.2.5-r0\nA:x86_64\nS:405609\nI:663552\n"
                "T:the musl c library (libc) implementation\nU:https://musl.libc.org/\nL:MIT\n"
                "o:musl\nm:Timo Teras <timo.teras@iki.fi>\nt:1714574431\n"
                "c:5dd91e5dd6b0f3f5b5c4b3f4a3b3c5e9a3f9f0c1\np:so:libc.musl-x86_64.so.1=1",
                _MUSL,
            ),
            _apk(
                "C:Q1Sk0FaR0E1ZhEb5zAVrZBRvTQe2M=\nP:busybox-binsh\nV:1.36.1-r29\nA:x86_64\nS:1543\n"
                "I:8192\nT:busybox ash /bin/sh\nU:https://busybox.net/\nL:GPL-2.0-only\no:busybox\n"
                "m:Soeren Tempel <soeren+alpine@soeren-tempel.net>\nt:1718110352\n"
                "D:busybox=1.36.1-r29\np:/bin/sh cmd:sh=1.36.1-r29",
            ),
            _apk(
                "C:Q1gOyH0bX7FF3Wb3wS3ShE+LmoVTM=\nP:busybox\nV:1.36.1-r29\nA:x86_64\nS:508909\n"
                "I:958464\nT:Size optimized toolbox of many common UNIX utilities\n"
                "U:https://busybox.net/\nL:GPL-2.0-only\no:busybox\n"
                "m:Soeren Tempel <soeren+alpine@soeren-tempel.net>\nt:1718110352\n"
                "D:so:libc.musl-x86_64.so.1",
                _BUSYBOX,
            ),
            _apk(
                "C:Q1i+/Xyqp8YRPNGQLCJcMk2hiRvuc=\nP:python3\nV:3.12.6-r0\nA:x86_64\nS:9\nI:9\n"
                "T:High-level scripting language\nU:https://www.python.org/\nL:PSF-2.0\no:python3\n"
                "t:1\nD:so:libc.musl-x86_64.so.1",
                _PYTHON,
            ),
            _apk(
                "C:Q1i+/Xyqp8YRPNGQLCJcMk2hiRvud=\nP:py3-pip\nV:24.0-r2\nA:noarch\nS:9\nI:9\n"
                "T:Tool for installing and managing Python packages\nU:https://pip.pypa.io/\nL:MIT\n"
                "o:py3-pip\nt:1\nD:python3",
                _PIP,
            ),
        )
    ),
    **{f"/{path}": content for path, content in (_MUSL | _BUSYBOX | _PYTHON | _PIP).items()},
}

OPKG: Files = {
    "/etc/os-release": (
        'NAME="OpenWrt"\nVERSION="23.05.4"\nID="openwrt"\nID_LIKE="lede openwrt"\n'
        'VERSION_ID="23.05.4"\nPRETTY_NAME="OpenWrt 23.05.4"\n'
    ),
    "/usr/lib/opkg/status": (
        "Package: libc\nVersion: 1.2.4-4\nDepends: libgcc1\nStatus: install hold installed\n"
        "Architecture: x86_64\nInstalled-Time: 1720804600\n\n"
        "Package: busybox\nVersion: 1.36.1-1\nDepends: libc\nStatus: install user installed\n"
        "Architecture: x86_64\nInstalled-Time: 1720804600\n\n"
    ),
    "/usr/lib/opkg/info/libc.list": "/lib/libc.so\n/lib/ld-musl-x86_64.so.1\n",
    "/usr/lib/opkg/info/libc.control": "Package: libc\nVersion: 1.2.4-4\nLicense: MIT\n",
    "/usr/lib/opkg/info/busybox.list": "/bin/busybox\n",
    "/lib/libc.so": "the library\n",
    "/bin/busybox": "all of it\n",
}


def _manifest(entries: Iterable[Mapping[str, object]]) -> bytes:
    """Chisel's manifest: a line for each entry below a head, compressed by zstd."""
    lines = [json.dumps(entry, separators=(",", ":")) for entry in entries]
    head = {"jsonwall": "1.0", "schema": "1.0", "count": len(lines) + 1}
    text = "\n".join((json.dumps(head, separators=(",", ":")), *lines, ""))
    return zstandard.compress(text.encode())


_CERTIFICATES = "-----BEGIN CERTIFICATE-----\n"

CHISELED: Files = {
    "/etc/os-release": (
        'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\n'
        'VERSION="24.04.1 LTS (Noble Numbat)"\nVERSION_CODENAME=noble\nID_LIKE=debian\n'
    ),
    "/var/lib/chisel/manifest.wall": _manifest(
        (
            {
                "kind": "content",
                "slice": "ca-certificates_data",
                "path": "/etc/ssl/certs/ca-certificates.crt",
            },
            {
                "kind": "package",
                "name": "ca-certificates",
                "version": "20240203",
                "sha256": hashlib.sha256(b"the package").hexdigest(),
                "arch": "all",
            },
            {
                "kind": "path",
                "path": "/etc/ssl/certs/ca-certificates.crt",
                "mode": "0644",
                "slices": ["ca-certificates_data"],
                "sha256": hashlib.sha256(_CERTIFICATES.encode()).hexdigest(),
                "size": len(_CERTIFICATES),
            },
            {"kind": "slice", "name": "ca-certificates_data"},
        )
    ),
    "/etc/ssl/certs/ca-certificates.crt": _CERTIFICATES,
}

COMPOSER: Files = {
    "/srv/shop/composer.json": '{"name": "example/shop", "require": {"monolog/monolog": "^3"}}\n',
    "/srv/shop/vendor/composer/installed.json": json.dumps(
        {
            "packages": [
                {
                    "name": "monolog/monolog",
                    "version": "3.7.0",
                    "version_normalized": "3.7.0.0",
                    "source": {"type": "git", "url": "https://example.org/monolog.git"},
                    "require": {"php": ">=8.1", "psr/log": "^2.0 || ^3.0"},
                    "type": "library",
                    "license": ["MIT"],
                    "install-path": "../monolog/monolog",
                },
                {
                    "name": "psr/log",
                    "version": "3.0.2",
                    "version_normalized": "3.0.2.0",
                    "type": "library",
                    "license": ["MIT"],
                    "install-path": "../psr/log",
                },
                {
                    "name": "phpunit/phpunit",
                    "version": "11.4.1",
                    "version_normalized": "11.4.1.0",
                    "type": "library",
                    "license": ["BSD-3-Clause"],
                    "install-path": "../phpunit/phpunit",
                },
            ],
            "dev": True,
            "dev-package-names": ["phpunit/phpunit"],
        },
        indent=4,
    ),
    "/srv/shop/vendor/psr/log/src/LoggerInterface.php": "<?php\n",
    "/srv/shop/vendor/monolog/monolog/src/Monolog/Logger.php": "<?php\n",
}


def _conda(name: str, version: str, build: str, channel: str, *files: str) -> tuple[str, str]:
    record = {
        "build": build,
        "build_number": 0,
        "channel": f"https://example.org/{channel}/linux-64",
        "depends": [],
        "files": list(files),
        "fn": f"{name}-{version}-{build}.conda",
        "license": "MIT",
        "md5": hashlib.md5(name.encode()).hexdigest(),
        "name": name,
        "platform": "linux",
        "arch": "x86_64",
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "size": 9,
        "subdir": "linux-64",
        "url": f"https://example.org/{channel}/linux-64/{name}-{version}-{build}.conda",
        "version": version,
    }
    return f"/opt/conda/conda-meta/{name}-{version}-{build}.json", json.dumps(record, indent=2)


CONDA: Files = dict(
    (
        _conda("zlib", "1.3.1", "h4ab18f5_1", "conda-forge", "lib/libz.so.1"),
        _conda("python", "3.12.7", "hc5c86c4_0_cpython", "conda-forge", "bin/python3.12"),
        _conda("six", "1.16.0", "pyh6c4a22f_0", "conda-forge", "lib/site/six.py"),
    )
) | {
    "/opt/conda/conda-meta/history": "==> 2024-10-02 10:00:00 <==\n",
    "/opt/conda/lib/libz.so.1": "a library\n",
    "/opt/conda/lib/site/six.py": "import sys\n",
}

DOTNET: Files = {
    "/srv/shop/Shop.deps.json": json.dumps(
        {
            "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0", "signature": ""},
            "compilationOptions": {},
            "targets": {
                ".NETCoreApp,Version=v8.0": {
                    "Shop/1.0.0": {
                        "dependencies": {"Newtonsoft.Json": "13.0.3", "Serilog": "4.0.1"},
                        "runtime": {"Shop.dll": {}},
                    },
                    "Newtonsoft.Json/13.0.3": {
                        "runtime": {
                            "lib/net6.0/Newtonsoft.Json.dll": {
                                "assemblyVersion": "13.0.0.0",
                                "fileVersion": "13.0.3.27908",
                            }
                        }
                    },
                    "Serilog/4.0.1": {
                        "runtime": {
                            "lib/net8.0/Serilog.dll": {
                                "assemblyVersion": "4.0.0.0",
                                "fileVersion": "4.0.1.0",
                            }
                        }
                    },
                }
            },
            "libraries": {
                "Shop/1.0.0": {"type": "project", "serviceable": False, "sha512": ""},
                "Newtonsoft.Json/13.0.3": {
                    "type": "package",
                    "serviceable": True,
                    "sha512": "sha512-HrC5BXdl00IP9zeV+0Z848QWPAoCr9P3bDEZguI",
                    "path": "newtonsoft.json/13.0.3",
                    "hashPath": "newtonsoft.json.13.0.3.nupkg.sha512",
                },
                "Serilog/4.0.1": {
                    "type": "package",
                    "serviceable": True,
                    "sha512": "sha512-HrC5BXdl00IP9zeV+0Z848QWPAoCr9P3bDEZguI",
                    "path": "serilog/4.0.1",
                    "hashPath": "serilog.4.0.1.nupkg.sha512",
                },
            },
        },
        indent=2,
    ),
    "/srv/shop/Shop.dll": "MZ",
    "/srv/shop/Newtonsoft.Json.dll": "MZ",
    "/srv/shop/Serilog.dll": "MZ",
}


def _gem(name: str, version: str, license_id: str, gems: str) -> dict[str, str | bytes]:
    directory = f"/var/lib/gems/{gems}"
    return {
        f"{directory}/specifications/{name}-{version}.gemspec": (
            f"# -*- encoding: utf-8 -*-\n# stub: {name} {version} ruby lib\n\n"
            "Gem::Specification.new do |s|\n"
            f'  s.name = "{name}".freeze\n  s.version = "{version}"\n\n'
            '  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze)\n'
            '  s.require_paths = ["lib".freeze]\n'
            '  s.authors = ["Some One".freeze, "Another".freeze]\n  s.date = "2024-05-01"\n'
            f'  s.files = ["lib/{name}.rb".freeze]\n'
            f'  s.homepage = "https://example.org/{name}".freeze\n'
            f'  s.licenses = ["{license_id}".freeze]\n'
            '  s.summary = "A gem".freeze\n\n  s.installed_by_version = "3.6.3".freeze\nend\n'
        ),
        f"{directory}/gems/{name}-{version}/lib/{name}.rb": "true\n",
    }


GEMS: Files = _gem("rack", "3.1.8", "MIT", "3.3.0") | _gem("puma", "6.4.3", "BSD-3-Clause", "3.3.0")

LUA: Files = {
    "/usr/local/lib/luarocks/rocks-5.4/luasocket/3.1.0-1/luasocket-3.1.0-1.rockspec": (
        'package = "luasocket"\nversion = "3.1.0-1"\n'
        'source = {\n   url = "git+https://example.org/luasocket.git",\n'
        '   tag = "v3.1.0"\n}\n'
        'description = {\n   summary = "Network support for the Lua language",\n'
        '   homepage = "https://example.org/luasocket",\n   license = "MIT"\n}\n'
        'dependencies = {\n   "lua >= 5.1"\n}\n'
        'build = {\n   type = "builtin",\n   modules = { socket = "src/socket.lua" }\n}\n'
    ),
    "/usr/local/share/lua/5.4/socket.lua": "return {}\n",
}


def _dpkg(name: str, status: str) -> str:
    return (
        f"Package: {name}\nStatus: {status}\nVersion: 1.0-1\nArchitecture: amd64\n"
        "Maintainer: Some One <one@example.org>\n\n"
    )


_DPKG = "".join(
    _dpkg(name, status)
    for name, status in (
        ("present", "install ok installed"),
        ("unwanted", "deinstall ok installed"),
        ("held", "hold ok installed"),
        ("half", "install ok half-configured"),
        ("settings-left", "deinstall ok config-files"),
        ("settings-alone", "install ok config-files"),
        ("never", "unknown ok not-installed"),
    )
)

CORNERS: Files = {
    "/etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
    "/etc/debian_version": "12.8\n",
    "/var/lib/dpkg/status": _DPKG,
    "/usr/lib/python3/dist-packages/aged-1!2.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: aged\nVersion: 1!2.0\n"
    ),
    "/srv/app/node_modules/whole/package.json": '{"name": "whole", "version": "1.2.3"}\n',
    "/srv/app/node_modules/whole/es6/package.json": '{"name": "whole-es6", "main": "a.js"}\n',
}

NO_RELEASE: Files = {"/var/lib/dpkg/status": _dpkg("present", "install ok installed")}
