"""Names of products in the National Vulnerability Database (CPE 2.3, NISTIR 7695).

Given where the name is known and says what the package URL does not: for programs that are known
by their bytes alone (`formats.classifiers`), and here for packages of languages whose entries in
that database are made by product. Packages of operating systems have none: their distribution
mends faults without a new version of the product, so that a match by product and version is wrong
more often than right, and it keeps its own lists by package.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_QUOTED: Final = re.compile(r"[^\w.-]", re.ASCII)


def cpe(vendor_and_product: str, version: str) -> str:
    """The CPE 2.3 name of ``vendor:product`` in `version`."""
    quoted = _QUOTED.sub(lambda letter: "\\" + letter[0], version)
    return f"cpe:2.3:a:{vendor_and_product}:{quoted}:*:*:*:*:*:*:*"


def cpes_of(purl: str) -> tuple[str, ...]:
    """The names of the component that `purl` is of, none where the table has no row for it."""
    name, _, version = purl.partition("?")[0].partition("#")[0].removeprefix("pkg:").rpartition("@")
    product = PRODUCTS.get(name)
    if product is None or not version:
        return ()
    return (cpe(product, unquote(version).removeprefix("v")),)


PRODUCTS: Final = {
    # --- Go ---
    "golang/github.com/containerd/containerd": "linuxfoundation:containerd",
    "golang/github.com/gin-gonic/gin": "gin-gonic:gin",
    "golang/github.com/grafana/grafana": "grafana:grafana",
    "golang/github.com/hashicorp/consul": "hashicorp:consul",
    "golang/github.com/hashicorp/vault": "hashicorp:vault",
    "golang/github.com/opencontainers/runc": "linuxfoundation:runc",
    "golang/github.com/prometheus/prometheus": "prometheus:prometheus",
    "golang/golang.org/x/crypto": "golang:crypto",
    "golang/k8s.io/kubernetes": "kubernetes:kubernetes",
    # --- Java ---
    "maven/ch.qos.logback/logback-classic": "qos:logback",
    "maven/ch.qos.logback/logback-core": "qos:logback",
    "maven/com.alibaba/fastjson": "alibaba:fastjson",
    "maven/com.fasterxml.jackson.core/jackson-databind": "fasterxml:jackson-databind",
    "maven/com.google.guava/guava": "google:guava",
    "maven/com.h2database/h2": "h2database:h2",
    "maven/com.thoughtworks.xstream/xstream": "xstream:xstream",
    "maven/commons-collections/commons-collections": "apache:commons_collections",
    "maven/commons-fileupload/commons-fileupload": "apache:commons_fileupload",
    "maven/commons-io/commons-io": "apache:commons_io",
    "maven/io.netty/netty-codec-http": "netty:netty",
    "maven/io.netty/netty-codec-http2": "netty:netty",
    "maven/io.netty/netty-common": "netty:netty",
    "maven/io.netty/netty-handler": "netty:netty",
    "maven/log4j/log4j": "apache:log4j",
    "maven/mysql/mysql-connector-java": r"oracle:mysql_connector\/j",
    "maven/org.apache.commons/commons-compress": "apache:commons_compress",
    "maven/org.apache.commons/commons-text": "apache:commons_text",
    "maven/org.apache.logging.log4j/log4j-core": "apache:log4j",
    "maven/org.apache.shiro/shiro-core": "apache:shiro",
    "maven/org.apache.struts/struts2-core": "apache:struts",
    "maven/org.apache.tomcat.embed/tomcat-embed-core": "apache:tomcat",
    "maven/org.apache.tomcat/tomcat-catalina": "apache:tomcat",
    "maven/org.eclipse.jetty/jetty-server": "eclipse:jetty",
    "maven/org.hibernate/hibernate-core": "hibernate:hibernate_orm",
    "maven/org.postgresql/postgresql": "postgresql:postgresql_jdbc_driver",
    "maven/org.springframework.boot/spring-boot": "vmware:spring_boot",
    "maven/org.springframework/spring-core": "vmware:spring_framework",
    "maven/org.yaml/snakeyaml": "snakeyaml_project:snakeyaml",
    # --- Node.js ---
    "npm/axios": "axios:axios",
    "npm/ejs": "ejs:ejs",
    "npm/express": "openjsf:express",
    "npm/follow-redirects": "follow-redirects:follow-redirects",
    "npm/handlebars": "handlebarsjs:handlebars",
    "npm/jquery": "jquery:jquery",
    "npm/json5": "json5:json5",
    "npm/lodash": "lodash:lodash",
    "npm/minimist": "substack:minimist",
    "npm/moment": "momentjs:moment",
    "npm/next": "vercel:next.js",
    "npm/node-fetch": "node-fetch_project:node-fetch",
    "npm/npm": "npmjs:npm",
    "npm/qs": "qs_project:qs",
    "npm/semver": "npmjs:semver",
    "npm/socket.io": "socket:socket.io",
    "npm/underscore": "underscorejs:underscore",
    "npm/undici": "nodejs:undici",
    "npm/ws": "ws_project:ws",
    "npm/yarn": "yarnpkg:yarn",
    # --- PHP ---
    "composer/composer/composer": "getcomposer:composer",
    "composer/drupal/core": "drupal:drupal",
    "composer/guzzlehttp/guzzle": "guzzlephp:guzzle",
    "composer/laravel/framework": "laravel:framework",
    "composer/phpmailer/phpmailer": "phpmailer_project:phpmailer",
    "composer/symfony/symfony": "sensiolabs:symfony",
    # --- Python ---
    "pypi/aiohttp": "aiohttp:aiohttp",
    "pypi/ansible": "redhat:ansible",
    "pypi/celery": "celeryproject:celery",
    "pypi/cryptography": "cryptography.io:cryptography",
    "pypi/django": "djangoproject:django",
    "pypi/fastapi": "tiangolo:fastapi",
    "pypi/flask": "palletsprojects:flask",
    "pypi/gunicorn": "gunicorn:gunicorn",
    "pypi/ipython": "ipython:ipython",
    "pypi/jinja2": "palletsprojects:jinja",
    "pypi/lxml": "lxml:lxml",
    "pypi/mako": "sqlalchemy:mako",
    "pypi/numpy": "numpy:numpy",
    "pypi/paramiko": "paramiko:paramiko",
    "pypi/pillow": "python:pillow",
    "pypi/pip": "pypa:pip",
    "pypi/pygments": "pygments:pygments",
    "pypi/pyjwt": "pyjwt_project:pyjwt",
    "pypi/pyyaml": "pyyaml:pyyaml",
    "pypi/requests": "python:requests",
    "pypi/scikit-learn": "scikit-learn:scikit-learn",
    "pypi/setuptools": "python:setuptools",
    "pypi/sqlalchemy": "sqlalchemy:sqlalchemy",
    "pypi/starlette": "encode:starlette",
    "pypi/tensorflow": "google:tensorflow",
    "pypi/tornado": "tornadoweb:tornado",
    "pypi/twisted": "twisted:twisted",
    "pypi/urllib3": "python:urllib3",
    "pypi/virtualenv": "virtualenv:virtualenv",
    "pypi/waitress": "agendaless:waitress",
    "pypi/werkzeug": "palletsprojects:werkzeug",
    "pypi/wheel": "wheel_project:wheel",
    # --- Ruby ---
    "gem/bundler": "bundler:bundler",
    "gem/nokogiri": "nokogiri:nokogiri",
    "gem/puma": "puma:puma",
    "gem/rack": "rack:rack",
    "gem/rails": "rubyonrails:rails",
    "gem/rake": "ruby-lang:rake",
    "gem/rexml": "ruby-lang:rexml",
    "gem/sidekiq": "contribsys:sidekiq",
    "gem/sinatra": "sinatrarb:sinatra",
    "gem/webrick": "ruby-lang:webrick",
    # --- Rust ---
    "cargo/hyper": "hyper:hyper",
    "cargo/regex": "rust-lang:regex",
    "cargo/time": "time_project:time",
    "cargo/tokio": "tokio:tokio",
    # --- .NET ---
    "nuget/Newtonsoft.Json": "newtonsoft:json.net",
}
"""``vendor:product`` by kind, namespace and name of a package URL; no row is a guess."""
