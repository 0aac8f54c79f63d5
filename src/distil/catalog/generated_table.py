"""What programs and maintainer scripts make on a machine, by path: data of `generated`.

Only what is known to be made has a row, by its own name: not whole directories, since what nobody
made is not to hide there. Patterns are regular expressions of whole paths.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Row(msgspec.Struct, frozen=True):
    """Paths, and what makes them.

    `rule` says what, `package` is the package that brings it, by name. All paths begin with
    `home`; `pattern` is of what follows, empty if nothing does. `copies` are the files that the
    path may be a copy of. `is_script`: it may be a program. With `contents` (sha256 in
    hexadecimal) it is one of these files and no other.
    """

    rule: str
    home: str
    pattern: str
    package: str = ""
    copies: tuple[str, ...] = ()
    is_script: bool = False
    contents: tuple[str, ...] = ()


_UNIT: Final = r"[^/]+\.(?:service|socket|timer|path|target|mount|slice)"
_BASE: Final = "/usr/share/base-files"
_ADD_USER: Final = "users and groups"
_DPKG: Final = "dpkg's database"
_DPKG_NAME: Final = "(?P<package>[a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?"
_RPM: Final = (
    r"rpmdb\.sqlite(?:-shm|-wal)?|Packages(?:\.db)?|Index\.db|\.rpm\.lock|\.dbenv\.lock|__db\.\d+"
    r"|(?:Base|Dir)names|Name|Group|Installtid|Sha1header|Sigmd5|Pubkeys|Depends"
    r"|(?:Conflict|Enhance|Obsolete|Provide|Recommend|Require|Suggest|Supplement|(?:Trans)?"
    r"(?:[Ff]ile)?[Tt]rigger)(?:name|version)"
)
_DESKTOP: Final = "cache of a desktop"

FILES: Final = (
    # --- accounts ---
    Row(
        _ADD_USER, "/etc/", r"(?:passwd|group|shadow|gshadow|subuid|subgid)-?|\.pwd\.lock", "passwd"
    ),
    Row("update-shells", "/etc/shells", "", "debianutils"),
    Row("update-shells", "/var/lib/shells.state", "", "debianutils"),
    # --- what base-files copies ---
    Row("base-files", "/etc/profile", "", "base-files", (f"{_BASE}/profile",)),
    Row("base-files", "/etc/motd", "", "base-files", (f"{_BASE}/motd",)),
    Row(
        "base-files",
        "/etc/nsswitch.conf",
        "",
        "base-files",
        (f"{_BASE}/nsswitch.conf", "/usr/share/libc-bin/nsswitch.conf"),
    ),
    Row("base-files", "/root/.bashrc", "", "base-files", (f"{_BASE}/dot.bashrc",)),
    Row("base-files", "/root/.profile", "", "base-files", (f"{_BASE}/dot.profile",)),
    # --- what other packages' scripts write ---
    Row("readline-common", "/etc/inputrc", "", "readline-common", ("/usr/share/readline/inputrc",)),
    Row("adduser", "/etc/adduser.conf", "", "adduser", ("/usr/share/adduser/adduser.conf",)),
    Row("paperconfig", "/etc/papersize", "", "libpaper1"),
    Row("netbase", "/etc/networks", "", "netbase"),
    Row("libwrap0", "/etc/", r"hosts\.(?:allow|deny)", "libwrap0"),
    Row("kmod", "/etc/modules", "", "kmod"),
    Row("python3-minimal", "/etc/python3/debian_config", "", "python3-minimal"),
    Row("ifupdown", "/etc/network/interfaces", "", "ifupdown"),
    Row("apparmor", "/etc/apparmor.d/local/", r"[a-z0-9_.-]+", "apparmor"),
    Row(
        "nginx",
        "/var/www/html/index.nginx-debian.html",
        "",
        "nginx-common",
        ("/usr/share/nginx/html/index.html",),
    ),
    Row("nginx", "/var/log/nginx/", r"(?:access|error)\.log", "nginx-common"),
    Row("java", "/etc/.java/.systemPrefs/", r"\.system(?:RootModFile|\.lock)"),
    Row("vim-tiny", "/usr/share/vim/", r"vim\d+/doc/[a-z.]+\.vim-tiny", "vim-tiny"),
    # --- clusters of PostgreSQL, which are made when the server is installed ---
    Row(
        "pg_createcluster",
        "/etc/postgresql/",
        r"\d+/[a-z0-9_-]+/(?:postgresql|start|pg_hba|pg_ident|pg_ctl)\.conf"
        r"|\d+/[a-z0-9_-]+/environment",
        "postgresql-common",
    ),
    Row(
        "pg_createcluster",
        "/var/lib/postgresql/",
        r"\d+/[a-z0-9_-]+/(?:(?:base/\d+/|global/)?(?:\d+(?:_fsm|_vm|_init)?(?:\.\d+)?|PG_VERSION"
        r"|pg_control|pg_filenode\.map|pg_internal\.init)|postgresql\.auto\.conf|postmaster\.opts"
        r"|pg_[a-z]+/(?:[a-z]+/)?(?:[0-9A-F]{4,24}|pgstat\.stat|replorigin_checkpoint))",
        "postgresql-common",
    ),
    Row("pg_createcluster", "/var/log/postgresql/", r"postgresql-\d+-[a-z0-9_-]+\.log"),
    Row("postgresql-common", "/etc/postgresql-common/root.crt", "", "postgresql-common"),
    Row(
        "postgresql-common", "/etc/apt/apt.conf.d/02autoremove-postgresql", "", "postgresql-common"
    ),
    # --- the container engine, and who makes a root file system ---
    Row(
        "refusal to start services, of whoever makes images of Debian",
        "/usr/sbin/policy-rc.d",
        "",
        contents=(
            "21a8dca0d6a52cbac52cb7a86178d973616ffb42ea08747e6ff311659ab095e1",
            "c2bcd9decf63ff2c0d9f473f38bc3607900530aad80f99139855d56678456230",
        ),
    ),
    Row(
        "bootstrap of the system",
        "/etc/apt/apt.conf.d/",
        "docker-(?:autoremove-suggests|clean|gzip-indexes|no-languages)|99mmdebstrap",
    ),
    Row("bootstrap of the system", "/etc/dpkg/dpkg.cfg.d/", "docker-apt-speedup|99mmdebstrap"),
    Row("container engine", "/etc/", "hostname|hosts|resolv\\.conf|mtab"),
    Row("container engine", "/run/.containerenv", ""),
    Row("container engine", "/.dockerenv", ""),
    Row("bootstrap of the system", "/etc/", "fstab|environment|timezone|adjtime|machine-info"),
    Row("bootstrap of the system", "/etc/apt/sources.list", "", "apt"),
    Row("bootstrap of the system", "/etc/apt/sources.list.d/debian.sources", "", "apt"),
    # --- libraries and locales ---
    Row("ldconfig", "/etc/ld.so.cache", "", "libc-bin"),
    Row("ldconfig", "/var/cache/ldconfig/aux-cache", "", "libc-bin"),
    Row("iconvconfig", "/usr/lib", r"\d*/(?:[^/]+/)?gconv/gconv-modules\.cache", "libc-bin"),
    Row("locale-gen", "/usr/lib/locale/", r"locale-archive|[^/]+/LC_[A-Z]+(?:/SYS_LC_MESSAGES)?"),
    Row("locale-gen", "/etc/", r"locale\.(?:gen|conf|alias)|default/locale", "locales"),
    # --- certificates ---
    Row("update-ca-certificates", "/etc/ssl/certs/", r"ca-certificates\.crt|java/cacerts"),
    Row("update-ca-certificates", "/etc/ca-certificates.conf", "", "ca-certificates"),
    Row("update-ca-trust", "/etc/pki/ca-trust/extracted/", r"[a-z0-9]+/[A-Za-z0-9.-]+"),
    Row("make-ssl-cert", "/etc/ssl/", r"(?:certs|private)/ssl-cert-snakeoil\.(?:pem|key)"),
    Row("ssh-keygen", "/etc/ssh/", r"ssh_host_[a-z0-9]+_key(?:\.pub)?", "openssh-server"),
    # --- dpkg, apt, debconf, ucf, PAM ---
    Row(
        _DPKG,
        "/var/lib/dpkg/",
        r"(?:status|diversions|statoverride|available)(?:-old)?|arch(?:-native)?|lock|lock-frontend"
        r"|cmethopt|triggers/(?:File|Lock|Unincorp|[a-z0-9][a-z0-9+.-]*)|info/(?:format|triggers)"
        r"|alternatives/[^/]+|status\.d/[^/]+",
        "dpkg",
    ),
    Row(
        _DPKG,
        "/var/lib/dpkg/info/",
        rf"{_DPKG_NAME}\.(?:list|md5sums|conffiles|shlibs|symbols|triggers|templates)",
    ),
    Row(
        "scripts of dpkg's packages",
        "/var/lib/dpkg/info/",
        rf"{_DPKG_NAME}\.(?:config|preinst|postinst|prerm|postrm)",
        is_script=True,
    ),
    Row("backup of dpkg's database", "/var/backups/", r"(?:dpkg|apt|alternatives)\.[a-z.0-9]+"),
    Row("apt", "/var/lib/apt/", "extended_states|daily_lock|lists/lock|periodic/[a-z-]+", "apt"),
    Row(
        "apt",
        "/var/lib/apt/lists/",
        r"[^/]+_(?:InRelease|Release(?:\.gpg)?|Packages|Sources|Translation-[a-z_A-Z@]+"
        r"|Contents-[a-z0-9-]+)(?:\.(?:lz4|gz|xz|zst|diff_Index))?",
        "apt",
    ),
    Row("apt", "/var/cache/apt/", r"(?:src)?pkgcache\.bin|archives/lock", "apt"),
    Row(
        "archive that apt downloaded",
        "/var/cache/apt/archives/",
        r"[a-z0-9][a-z0-9+.-]*_[A-Za-z0-9.+~%-]+_[a-z0-9-]+\.deb",
        "apt",
    ),
    Row("debconf", "/var/cache/debconf/", r"(?:config|passwords|templates)\.dat(?:-old)?"),
    Row("ucf", "/var/lib/ucf/", r"(?:hashfile|registry)(?:\.\d)?|cache/[^/]+", "ucf"),
    Row("pam-auth-update", "/etc/pam.d/", "common-(?:account|auth|password|session[a-z-]*)"),
    Row("pam-auth-update", "/var/lib/pam/", "account|auth|password|seen|session[a-z-]*"),
    Row("PAM", "/etc/security/opasswd", "", "libpam-modules"),
    # --- other package managers ---
    Row("apk's database", "/lib/apk/db/", r"installed|scripts\.tar(?:\.gz)?|triggers|lock"),
    Row("apk's database", "/usr/lib/apk/db/", r"installed|scripts\.tar(?:\.gz)?|triggers|lock"),
    Row("apk's database", "/etc/apk/", "world|arch|repositories", "apk-tools"),
    Row("apk", "/var/cache/apk/", r"APKINDEX\.[0-9a-f]+\.tar\.gz|installed", "apk-tools"),
    Row("apk", "/var/log/apk.log", "", "apk-tools"),
    Row("rpm's database", "/var/lib/rpm/", _RPM, "rpm"),
    Row("rpm's database", "/usr/lib/sysimage/rpm/", _RPM, "rpm"),
    Row("dnf", "/var/lib/dnf/", r"history\.sqlite(?:-shm|-wal)?|.+\.toml|.+\.solv", "dnf"),
    Row("dnf", "/var/log/", r"(?:dnf(?:\.rpm|\.librepo)?|hawkey|yum)\.log", "dnf"),
    Row(
        "pacman's database",
        "/var/lib/pacman/",
        r"local/ALPM_DB_VERSION|local/[^/]+/(?:desc|files|mtree|install|changelog)"
        r"|sync/[a-z-]+\.(?:db|files)(?:\.sig)?",
        "pacman",
    ),
    Row(
        "Portage's database",
        "/var/db/pkg/",
        r"[^/]+/[^/]+/(?:[A-Z_]+|environment\.bz2|[^/]+\.ebuild)",
        "sys-apps/portage",
    ),
    Row("pacman", "/var/log/pacman.log", "", "pacman"),
    Row(
        "pacman-key",
        "/etc/pacman.d/gnupg/",
        r"(?:pubring|secring|trustdb)\.gpg~?|gpg(?:-agent)?\.conf|\.gpg-v21-migrated|crls\.d/DIR\.txt"
        r"|(?:openpgp-revocs|private-keys-v1)\.d/[0-9A-F]{40}\.(?:rev|key)|tofu\.db",
        "pacman",
    ),
    Row("opkg's database", "/usr/lib/opkg/", r"status|lists/[^/]+", "opkg"),
    Row(
        "opkg's database",
        "/usr/lib/opkg/info/",
        r"[^/]+\.(?:control|list|conffiles)",
        "opkg",
    ),
    Row(
        "scripts of opkg's packages",
        "/usr/lib/opkg/info/",
        r"(?P<package>[^/]+)\.(?:preinst|postinst|prerm|postrm)",
        is_script=True,
    ),
    Row("Chisel", "/var/lib/chisel/manifest.wall", ""),
    # --- services ---
    Row(
        "deb-systemd-helper",
        "/var/lib/systemd/deb-systemd-",
        rf"[a-z-]+/(?:[^/]+\.wants/)?(?:{_UNIT}(?:\.dsh-also)?|[^/]+\.dsh-also)",
    ),
    Row("systemd", "/etc/", r"machine-id|\.updated|udev/hwdb\.bin", "systemd"),
    Row("systemd", "/var/.updated", "", "systemd"),
    Row("systemd", "/var/lib/systemd/", "catalog/database|random-seed", "systemd"),
    Row("dbus-uuidgen", "/var/lib/dbus/machine-id", "", "dbus"),
    Row("systemd-hwdb", "/usr/lib/udev/hwdb.bin", "", "udev"),
    Row("systemd-hwdb", "/lib/udev/hwdb.bin", "", "udev"),
    Row("insserv", "/etc/init.d/", r"\.depend\.(?:boot|start|stop)"),
    # --- logs of what was installed ---
    Row(
        "log",
        "/var/log/",
        r"btmp|wtmp|lastlog|faillog|(?:dpkg|alternatives|bootstrap|fontconfig)\.log"
        r"|apt/(?:history\.log|term\.log|eipp\.log\.xz)",
    ),
    # --- languages ---
    Row("py3compile", "/var/lib/python/", r"python3\.\d+_installed"),
    Row("java -Xshare:dump", "/usr/lib/jvm/", r"[^/]+/lib/server/classes(?:_nocoops)?\.jsa"),
    Row(
        "phpenmod",
        "/var/lib/php/modules/",
        r"\d+\.\d+/(?:registry|[a-z0-9]+/[a-z_]+/[a-z0-9_]+|[^/]+/[^/]+)",
    ),
    # --- caches of desktops, documents and editors ---
    Row("install-info", "/usr/share/info/", r"dir(?:\.old)?", "install-info"),
    Row("mandb", "/var/lib/man-db/auto-update", "", "man-db"),
    Row("mandb", "/var/cache/man/", r"(?:[^/]+/)*(?:index\.db|CACHEDIR\.TAG)", "man-db"),
    Row(
        "fc-cache",
        "/var/cache/fontconfig/",
        r"[0-9a-f-]{32,36}-[a-z0-9]+\.cache-(?:\d+|reindex\d*)|CACHEDIR\.TAG",
        "fontconfig",
    ),
    Row("fc-cache", "/usr/share/fonts/", r"(?:.+/)?\.uuid", "fontconfig"),
    Row("update-fonts-dir", "/usr/share/fonts/", r".+/fonts\.(?:dir|scale|alias)"),
    Row(
        "update-mime-database",
        "/usr/share/mime/",
        r"mime\.cache|globs2?|magic|subclasses|aliases|types|(?:generic-)?icons|treemagic"
        r"|XMLnamespaces|version|[a-z-]+/[^/]+\.xml",
        "shared-mime-info",
    ),
    Row("update-mime", "/etc/mailcap", "", "mailcap"),
    Row(_DESKTOP, "/usr/share/", r"applications/mimeinfo\.cache|icons/[^/]+/icon-theme\.cache"),
    Row("glib-compile-schemas", "/usr/share/glib-2.0/schemas/gschemas.compiled", ""),
    Row(
        "list of modules",
        "/usr/lib",
        r"\d*/(?:[^/]+/)?(?:gio/modules/giomodule\.cache|gdk-pixbuf-2\.0/[0-9.]+/loaders\.cache"
        r"|gtk-\d\.0/[0-9.]+/immodules\.cache)",
    ),
    Row("update-catalog", "/etc/sgml/", r"catalog|[^/]+\.cat", "sgml-base"),
    Row("update-catalog", "/var/lib/sgml-base/", r"supercatalog(?:\.old)?", "sgml-base"),
    Row("update-xmlcatalog", "/etc/xml/", r"catalog(?:\.old)?|[^/]+\.xml(?:\.old)?", "xml-core"),
    Row("update-xmlcatalog", "/var/lib/xml-core/", "[^/]+", "xml-core"),
    Row(
        "package manager of Node.js",
        "",
        r"/(?:.*/)?node_modules/(?:\.package-lock\.json|\.modules\.yaml|\.pnpm/lock\.yaml"
        r"|\.yarn-(?:integrity|state\.yml))",
    ),
    Row("uv", "", r"/(?:.*/)?site-packages/\.lock"),
    Row("luarocks", "", r"/(?:.*/)?luarocks/rocks-[\d.]+/manifest(?:-[\d.]+)?(?:\.json)?"),
    Row("conda", "", r"/(?:.*/)?conda-meta/history"),
    Row("helpztags", "/usr/share/vim/", r"vim\d+/doc/tags", "vim-runtime"),
)
"""Files."""

LINKS: Final = (
    Row("update-alternatives", "/etc/alternatives/", "[^/]+"),
    Row("merged /usr", "/", "bin|sbin|lib|lib32|lib64|libx32|libo32"),
    Row("base-files", "/etc/dpkg/origins/default", "", "base-files"),
    Row("base-files", "/", "usr/local/man|var/spool/mail|var/run|var/lock", "base-files"),
    Row("coreutils", "/usr/bin/touch", "", "coreutils"),
    Row("tzdata", "/etc/localtime", "", "tzdata"),
    Row("container engine", "/etc/", "mtab|resolv\\.conf"),
    Row("systemd", "/var/lib/dbus/machine-id", "", "systemd"),
    Row("update-ca-certificates", "/etc/ssl/", r"certs/[^/]+\.(?:pem|\d+)|cert\.pem"),
    Row(
        "deb-systemd-helper",
        "/etc/systemd/",
        rf"(?:system|user)/(?:[^/]+\.(?:wants|requires)/)?{_UNIT}",
    ),
    Row("update-rc.d", "/etc/", r"rc[0-6S]\.d/[SK]\d\d[^/]+", "init-system-helpers"),
    Row("update-catalog", "/etc/sgml/", "[^/]+", "sgml-base"),
    Row("phpenmod", "/etc/php/", r"\d+\.\d+/[a-z0-9]+/conf\.d/\d+-[^/]+\.ini"),
    Row("a2enmod", "/etc/apache2/", r"(?:mods|conf|sites)-enabled/[^/]+\.(?:load|conf)", "apache2"),
    Row("nginx", "/etc/nginx/", r"(?:sites|modules)-enabled/[^/]+"),
    Row("fontconfig", "/etc/fonts/conf.d/", r"\d\d-[^/]+\.conf", "fontconfig-config"),
    Row("runit", "/etc/runit/runsvdir/default/", "[a-z0-9-]+", "runit-helper"),
    Row("systemd", "/var/log/README", "", "systemd"),
    Row(
        "package manager of Node.js",
        "",
        r"/(?:.*/)?node_modules/(?:\.bin/[^/]+|(?:@[^/]+/)?[^/@.][^/]*)",
    ),
    Row("devices", "/dev/", "fd|stdin|stdout|stderr|core|ptmx|shm"),
)
"""Symbolic links by where they are."""

TARGETS: Final = (
    Row("update-alternatives", "/etc/alternatives/", "[^/]+"),
    Row("busybox --install", "/bin/busybox", "", "busybox"),
    Row("busybox --install", "/usr/bin/busybox", "", "busybox"),
)
"""Symbolic links by what they lead to, wherever they are."""

DEVICES: Final = (
    Row("devices", "/dev/", "null|zero|full|random|urandom|tty|console|ptmx|tty\\d+"),
)
"""Device nodes."""
