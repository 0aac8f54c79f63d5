"""A file of each kind that languages' package managers leave, by the row of the table it is for."""

from __future__ import annotations

from typing import Final

from tests.support.small_zip import small_zip

METADATA: Final = b"""\
Metadata-Version: 2.4
Name: My_Pack.age
Version: 1.0+local.1
Summary: What it
        does
Author-email: Ann <ann@example.org>, Bob <bob@example.org>
License-Expression: MIT OR Apache-2.0
Classifier: License :: OSI Approved :: MIT License
Project-URL: Source, https://example.org/src
Project-URL: Homepage, https://example.org
Requires-Dist: requests[socks]>=2
Requires-Dist: typing_extensions; python_version < "3.13"
Requires-Dist: pytest; extra == "test"

Name: not-this
"""

RECORD: Final = b"""\
../../../bin/pack,sha256=h1dYO1lKGX9t0RZtF2SKBNrwG6hN4EpprEAHER0UHtw,222
pack/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0
pack/__pycache__/__init__.cpython-311.pyc,,
"pack/a,""b"".txt",md5=1B2M2Y8AsgTpgAmY7PhCfg,0
../../../../../../../../etc/passwd,sha256=short,1
/opt/x.py,,
my_pack_age-1.0.dist-info/RECORD,,
"""

GEMSPEC: Final = b"""\
# -*- encoding: utf-8 -*-
# stub: nokogiri 1.13.10 x86_64-linux lib
# stub: ext/nokogiri/extconf.rb

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.13.10"
  s.platform = "x86_64-linux".freeze

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :x=
  s.metadata = { "homepage_uri" => "https://elsewhere.example" } if s.respond_to? :metadata=
  s.require_paths = ["lib".freeze]
  s.authors = ["Andr\\u00E9 Arko".freeze, "Yoko \\"Y\\" Harada".freeze]
  s.executables = ["nokogiri".freeze, "../../evil".freeze]
  s.files = ["bin/nokogiri".freeze,
    "lib/nokogiri.rb".freeze, "lib/../../../../etc/passwd".freeze]
  s.homepage = "https://nokogiri.org".freeze
  s.licenses = ["MIT".freeze, "BSD-2-Clause"]
  s.summary = "Work with XML".freeze

  s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4"])
  s.add_dependency("mini_portile2", ["~> 2.8.0"])
  s.add_development_dependency(%q<minitest>.freeze, ["~> 5.15"])
end
"""

PACKAGE_JSON: Final = b"""{
  "name": "@scope/thing", "version": "1.0.0+b", "description": "Does\\n things",
  "author": "Ann <ann@example.org> (https://ann.example.org)", "license": "MIT",
  "repository": {"type": "git", "url": "git+https://example.org/thing.git"},
  "bin": {"thing": "cli.js"}, "private": true,
  "dependencies": {"ms": "2.0.0"}, "optionalDependencies": {"@scope/other": "*"}
}"""

COMPOSER: Final = b"""{"packages": [
  {"name": "symfony/console", "version": "v5.4.1", "license": ["MIT", "GPL-2.0-only"],
   "authors": [{"name": "Fabien", "email": "f@example.org"}], "description": "d",
   "homepage": "https://symfony.com", "install-path": "../symfony/console",
   "bin": ["bin/console"], "require": {"php": ">=7.2.5", "symfony/String": "^5"}},
  {"name": "a/b~c+d", "version": "dev-master#1:2", "install-path": "../../../../../../etc"},
  {"name": "solo", "version": "1.0", "install-path": null},
  {"version": "1"}
], "dev": true}"""

REG: Final = (
    b'a:7:{s:4:"name";s:5:"redis";s:7:"channel";s:12:"pecl.php.net";'
    b's:7:"summary";s:7:"caf\xc3\xa9 x";'
    b's:4:"lead";a:2:{i:0;a:2:{s:4:"name";s:3:"Ann";s:5:"email";s:3:"a@b";}i:1;N;}'
    b's:7:"version";a:2:{s:7:"release";s:5:"5.3.7";s:3:"api";d:5.3;}'
    b's:7:"license";a:2:{s:7:"attribs";a:0:{}s:8:"_content";s:3:"PHP";}'
    b's:8:"filelist";a:2:{s:8:"redis.so";a:2:{s:4:"role";s:3:"ext";s:12:"installed_as";'
    b's:25:"/usr/lib/php/ext/redis.so";}s:1:"x";a:2:{s:6:"md5sum";'
    b's:32:"d41d8cd98f00b204e9800998ecf8427e";s:12:"installed_as";s:17:"/../usr/share/x.y";}}}'
)

DESCRIPTION: Final = b"""\
Package: digest
Version: 0.6.31
License: GPL (>= 2)
Title: Create Compact Hash
  Digests
Maintainer: Ann <ann@example.org>
URL: https://example.org/digest, https://example.org/other
Depends: R (>= 3.3.0), utils
LinkingTo: Rcpp (>= 1.0)
Built: R 4.2.2; x86_64-pc-linux-gnu; 2023-01-01; unix
"""

ROCKSPEC: Final = b"""\
-- a comment = "x"
package = "penlight"
version = '1.13.1-1'
--[[ long
version = "9" ]]
source = { url = "git+https://example.org/p.git", tag = "x" .. "y" }
description = {
  summary = [[Lua utility]], homepage = "https://example.org", license = "MIT/X11",
  maintainer = "t@example.org",
}
dependencies = { "lua >= 5.1", "luafilesystem", "user/lpeg ~> 1", f(1, {2}), }
build = { modules = { ["pl.strict"] = "lua/pl/strict.lua" }, n = 3 }
"""

ROCK_MANIFEST: Final = b"""\
rock_manifest = {
   bin = { tool = "0123456789abcdef0123456789abcdef" },
   lua = { pl = { ["app.lua"] = "d41d8cd98f00b204e9800998ecf8427e" },
           ["../../../../../evil.lua"] = "x" },
   ["penlight-1.13.1-1.rockspec"] = "d41d8cd98f00b204e9800998ecf8427e"
}
"""

CONDA: Final = b"""{
  "name": "zlib", "version": "1.2.11", "build": "h90_1014", "subdir": "linux-64",
  "channel": "https://conda.example.org/conda-forge/linux-64", "license": "Zlib",
  "url": "https://conda.example.org/conda-forge/linux-64/zlib-1.2.11-h90_1014.conda",
  "md5": "348a30b1350c9d91a4dbf05f5e46e0bb", "depends": ["libzlib 1.2.11 h90_1014"],
  "files": ["include/zlib.h", "lib/libz.so", "lib/x.pyc", "../../../../etc/passwd"],
  "paths_data": {"paths": [
    {"_path": "include/zlib.h", "path_type": "hardlink", "sha256": "%(a)s",
     "sha256_in_prefix": "%(b)s"},
    {"_path": "lib/libz.so", "path_type": "softlink", "sha256": "%(a)s"}]}
}""".replace(b"%(a)s", b"a" * 64).replace(b"%(b)s", b"B" * 64)

DEPS_JSON: Final = b"""{
  "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64"},
  "targets": {".NETCoreApp,Version=v8.0": {}, ".NETCoreApp,Version=v8.0/linux-x64": {
    "App/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.3"}, "runtime": {"App.dll": {}}},
    "Newtonsoft.Json/13.0.3": {
      "runtime": {"lib/net6.0/Newtonsoft.Json.dll": {}, "lib/net6.0/_._": {}},
      "native": {"runtimes/linux-x64/native/libx.so": {}},
      "resources": {"lib/net6.0/de/Newtonsoft.Json.resources.dll": {"locale": "de"}},
      "runtimeTargets": {"runtimes/win/lib/net6.0/W.dll": {}, "../../../etc/x": {}}}}},
  "libraries": {
    "App/1.0.0": {"type": "project", "sha512": ""},
    "Newtonsoft.Json/13.0.3": {"type": "package", "sha512":
      "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
    "NETStandard.Library/2.0.3": {"type": "package"}, "Odd/1": {"type": "reference"}}
}"""

PLUGIN: Final = b"""<?php
/**
 * Plugin Name: Akismet Anti-Spam
 * Plugin URI:  https://akismet.example
 * Version: 5.3
 * Author: Automattic - Team
 * License: GPLv2 or later
 */
"""

CYCLONEDX: Final = b"""{"bomFormat": "CycloneDX", "specVersion": "1.4",
  "metadata": {"component": {"name": "numpy"}},
  "components": [
    {"name": "numpy", "version": "2.0", "purl": "pkg:pypi/numpy@2.0"},
    {"name": "libgfortran", "version": "5", "purl": "pkg:rpm/almalinux/libgfortran@5",
     "licenses": [{"license": {"id": "GPL-3.0-only"}}],
     "components": [{"name": "serde", "version": "1", "purl": "pkg:cargo/serde@1",
                     "licenses": [{"expression": "MIT OR Apache-2.0"}]}]},
    {"name": "loose"}, {"version": "nameless"}]}"""

SPDX: Final = b"""{"spdxVersion": "SPDX-2.3", "packages": [
  {"name": "openssl", "versionInfo": "3.0", "licenseConcluded": "NOASSERTION",
   "licenseDeclared": "Apache-2.0", "externalRefs": [
     {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
     {"referenceType": "purl", "referenceLocator": "pkg:generic/openssl@3.0"}]}]}"""

INSTALL_JSON: Final = b"""{"name": "Hash::MultiValue", "version": "0.10",
  "dist": "Hash-MultiValue-0.10", "pathname": "M/MI/MIYAGAWA/Hash-MultiValue-0.10.tar.gz",
  "provides": {"Hash::MultiValue": {"file": "lib/Hash/MultiValue.pm", "version": "0.10"}}}"""

MYMETA: Final = b"""{"abstract": "Store multiple values", "author": ["Ann <a@b>", "Bob"],
  "license": ["perl_5", "unknown"], "resources": {"homepage": "https://example.org"}}"""

_PERL: Final = "/usr/local/lib/perl5/site_perl/5.36.0/x86_64-linux"
_SITE: Final = "/usr/lib/python3.11/site-packages"
_INFO: Final = f"{_SITE}/my_pack_age-1.0.dist-info"

SAMPLES: Final[dict[str, tuple[str, bytes]]] = {
    "python": (f"{_INFO}/METADATA", METADATA),
    "python-egg": (f"{_SITE}/x-1.egg", small_zip({"EGG-INFO/PKG-INFO": METADATA})),
    "python-record": (f"{_INFO}/RECORD", RECORD),
    "python-installed-files": (
        f"{_SITE}/x.egg-info/installed-files.txt",
        b"../x/__init__.py\n../x/a.pyc\nPKG-INFO\n../../../../../../../etc/passwd\n",
    ),
    "python-top-level": (f"{_SITE}/x.egg-info/top_level.txt", b"yaml\n_yaml\n\n../..\n"),
    "python-direct-url": (
        f"{_INFO}/direct_url.json",
        b'{"url": "https://example.org/y.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
    ),
    "python-installer": (f"{_INFO}/INSTALLER", b"pip\n"),
    "python-sbom": (f"{_SITE}/numpy-2.0.dist-info/sboms/auditwheel.cdx.json", CYCLONEDX),
    "conda": ("/opt/conda/conda-meta/zlib-1.2.11-h90_1014.json", CONDA),
    "npm": ("/app/node_modules/@scope/thing/package.json", PACKAGE_JSON),
    "python-venv": ("/opt/venv/pyvenv.cfg", b"home = /usr/bin\nversion = 3.11.2\n"),
    "gem": ("/usr/lib/ruby/gems/3.1.0/specifications/nokogiri-1.13.10.gemspec", GEMSPEC),
    "gem-extension": (
        "/var/lib/gems/3.1.0/extensions/x86_64-linux/3.1.0/racc-1.6.0/gem.build_complete",
        b"",
    ),
    "composer": ("/app/vendor/composer/installed.json", COMPOSER),
    "pear": ("/usr/share/php/.registry/.channel.pecl.php.net/redis.reg", REG),
    "wordpress": ("/srv/wp-content/plugins/akismet/akismet.php", PLUGIN),
    "r": ("/usr/lib/R/site-library/digest/DESCRIPTION", DESCRIPTION),
    "lua": (
        "/usr/local/lib/luarocks/rocks-5.1/penlight/1.13.1-1/penlight-1.13.1-1.rockspec",
        ROCKSPEC,
    ),
    "lua-manifest": (
        "/usr/local/lib/luarocks/rocks-5.1/penlight/1.13.1-1/rock_manifest",
        ROCK_MANIFEST,
    ),
    "perl": (f"{_PERL}/.meta/Hash-MultiValue-0.10/install.json", INSTALL_JSON),
    "perl-metadata": (f"{_PERL}/.meta/Hash-MultiValue-0.10/MYMETA.json", MYMETA),
    "perl-packlist": (
        f"{_PERL}/auto/Hash/MultiValue/.packlist",
        b"/usr/local/lib/perl5/site_perl/5.36.0/Hash/MultiValue.pm\n/../usr/x y type=file\n",
    ),
    "dotnet": ("/app/App.deps.json", DEPS_JSON),
}
