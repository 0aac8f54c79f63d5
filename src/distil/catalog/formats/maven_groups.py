"""Groups of well-known Maven artifacts, for archives that do not tell theirs."""

from __future__ import annotations

import re
from typing import Final

_FRAMEWORK: Final = (
    "aop|asm|aspects|beans|context|context-indexer|context-support|core|core-test|expression"
    "|framework-bom|instrument|instrument-tomcat|jcl|jdbc|jms|messaging|orm|oxm|r2dbc|struts|test"
    "|tx|web|webflux|webmvc|webmvc-portlet|websocket"
)
"""The artifacts of the Spring Framework itself, without ``spring-``."""

_ECLIPSE: Final = (
    "ant|compare|core|debug|e4|equinox|help|jface|jsch|ltk|osgi|search|swt|team|text|tips|ui"
    "|update|urischeme"
)
"""What the Eclipse platform consists of, below ``org.eclipse``."""

_GROUPS: Final = (
    (r"ant(?:-.+)?", "org.apache.ant"),
    (r"commons-codec", "commons-codec"),
    (r"commons-logging", "commons-logging"),
    (r"okhttp", "com.squareup.okhttp3"),
    (r"okio", "com.squareup.okio"),
    (r"cassandra-.+", "org.apache.cassandra"),
    (r"(?:apache-)?geode(?:-.+)?", "org.apache.geode"),
    (r"velocity(?:-(?:engine|tools).*)?|spring-velocity-support", "org.apache.velocity"),
    (r"tapestry5?-.+", "org.apache.tapestry"),
    (r"tomcat-embed-.+", "org.apache.tomcat.embed"),
    (r"tomcat(?:-.+|7-websocket)?", "org.apache.tomcat"),
    (r"bc(?:jmail|mail|pg|pkix|pqc|prov|test|tls|util|-fips|-noncert)(?:-.+)?", "org.bouncycastle"),
    (rf"org\.eclipse\.(?:{_ECLIPSE})(?:\..+)?", "org.eclipse.platform"),
    (r"spring-boot(?:-.+)?", "org.springframework.boot"),
    (r"spring-cloud(?:-.+)?", "org.springframework.cloud"),
    (r"spring-security-oauth.*", "org.springframework.security.oauth"),
    (r"spring-security(?:-.+)?", "org.springframework.security"),
    (r"spring-data(?:-.+)?", "org.springframework.data"),
    (r"spring-batch(?:-.+)?", "org.springframework.batch"),
    (r"spring-integration(?:-.+)?", "org.springframework.integration"),
    (r"spring-session(?:-.+)?", "org.springframework.session"),
    (r"spring-kafka(?:-.+)?", "org.springframework.kafka"),
    (r"spring-(?:amqp|rabbit)(?:-.+)?", "org.springframework.amqp"),
    (r"spring-ldap(?:-.+)?", "org.springframework.ldap"),
    (r"spring-(?:ws|xml)(?:-.+)?", "org.springframework.ws"),
    (r"spring-hateoas", "org.springframework.hateoas"),
    (r"spring-graphql(?:-.+)?", "org.springframework.graphql"),
    (r"spring-retry", "org.springframework.retry"),
    (r"spring-plugin(?:-.+)?", "org.springframework.plugin"),
    (r"spring-restdocs(?:-.+)?", "org.springframework.restdocs"),
    (r"spring-shell(?:-.+)?", "org.springframework.shell"),
    (r"spring-statemachine(?:-.+)?", "org.springframework.statemachine"),
    (r"spring-vault(?:-.+)?", "org.springframework.vault"),
    (r"spring-webflow|spring-(?:binding|faces|js)", "org.springframework.webflow"),
    (rf"spring(?:-(?:{_FRAMEWORK}))?", "org.springframework"),
)
"""Patterns of whole names, and groups; the first that matches counts."""

_ANY: Final = re.compile("|".join(f"({pattern})" for pattern, _ in _GROUPS))


def group_of_artifact(name: str) -> str:
    """The group of the artifact `name`, or nothing."""
    match = _ANY.fullmatch(name)
    return "" if match is None or match.lastindex is None else _GROUPS[match.lastindex - 1][1]
