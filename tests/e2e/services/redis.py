"""Redis: commands of every kind, over TLS and without, scripts, persistence."""

from __future__ import annotations

import os
import signal
import ssl
import time
from dataclasses import dataclass, field

import pytest

from tests.e2e.services.base import TLS, Place, Service
from tests.support.redis_client import Answer, Redis, Refusal
from tests.support.runners import Running

PASSWORD = "correct horse"
LIBRARY = (
    "#!lua name=sums\nredis.register_function('sum', function(keys, args)"
    " return tonumber(args[1]) + tonumber(args[2]) end)"
)
SCRIPT = """return {cjson.encode({a = 1}), redis.sha1hex('a'), struct.pack('>I2', 258),
    #cmsgpack.pack({1, 2}), bit.bxor(6, 3)}"""
COMMANDS: tuple[tuple[tuple[str, ...], Answer], ...] = (
    (("SET", "text", "Grüße", "EX", "1000"), "OK"),
    (("APPEND", "text", "!"), 8),
    (("LCS", "text", "text", "LEN"), 8),
    (("INCRBYFLOAT", "number", "10.5"), b"10.5"),
    (("SETBIT", "bits", "7", "1"), 0),
    (("BITFIELD", "bits", "GET", "u8", "0"), [1]),
    (("HSET", "hash", "a", "1", "b", "2"), 2),
    (("HGETALL", "hash"), [b"a", b"1", b"b", b"2"]),
    (("HEXPIRE", "hash", "1000", "FIELDS", "1", "a"), [1]),
    (("RPUSH", "list", "c", "a", "b"), 3),
    (("SORT", "list", "ALPHA", "DESC"), [b"c", b"b", b"a"]),
    (("SADD", "set", "a", "b", "c"), 3),
    (("SINTERCARD", "1", "set"), 3),
    (("ZADD", "sorted", "1", "a", "2", "b", "3", "c"), 3),
    (("ZRANGE", "sorted", "1", "+inf", "BYSCORE", "LIMIT", "1", "1"), [b"b"]),
    (("GEOADD", "places", "13.361389", "38.115556", "Palermo"), 1),
    (("GEOADD", "places", "15.087269", "37.502669", "Catania"), 1),
    (("GEODIST", "places", "Palermo", "Catania", "km"), b"166.2742"),
    (("PFADD", "distinct", "a", "b", "a"), 1),
    (("PFCOUNT", "distinct"), 2),
    (("XADD", "stream", "1-1", "a", "1"), b"1-1"),
    (("XGROUP", "CREATE", "stream", "group", "0"), "OK"),
    (("XREADGROUP", "GROUP", "group", "one", "STREAMS", "stream", ">"),
     [[b"stream", [[b"1-1", [b"a", b"1"]]]]]),
    (("OBJECT", "ENCODING", "list"), b"listpack"),
    (("COPY", "list", "other"), 1),
    (("FUNCTION", "LOAD", LIBRARY), b"sums"),
    (("FCALL", "sum", "0", "1", "2"), 3),
    (("EVAL", SCRIPT, "0"),
     [b'{"a":1}', b"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", b"\x01\x02", 3, 5]),
    (("MULTI",), "OK"),
    (("INCR", "counted"), "QUEUED"),
    (("EXEC",), [1]),
    (("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"), "OK"),
    (("ACL", "SETUSER", "reader", "on", ">word", "~text", "+get"), "OK"),
    (("ACL", "DRYRUN", "reader", "GET", "text"), "OK"),
    (("SLOWLOG", "RESET"), "OK"),
)  # fmt: skip
"""Commands in order, each with its answer."""


@dataclass
class RedisClient:
    """A connection that is made when it is first used."""

    place: Place
    _connections: list[Redis] = field(default_factory=list)

    def __call__(self, *words: str) -> Answer:
        if not self._connections:
            connection = Redis(self.place.host, 6379)
            connection("AUTH", PASSWORD)
            self._connections.append(connection)
        return self._connections[0](*words)


class RedisService(Service[RedisClient]):
    example = "redis"
    volume = "/var/lib/redis"

    def arguments(self) -> tuple[str, ...]:
        tls = (
            "--tls-port", "6380", "--tls-cert-file", f"{TLS}/server.pem", "--tls-key-file",
            f"{TLS}/server.key", "--tls-ca-cert-file", f"{TLS}/authority.pem",
        )  # fmt: skip
        return ("--requirepass", PASSWORD, *tls)

    def client(self, place: Place) -> RedisClient:
        return RedisClient(place)

    def answers(self, client: RedisClient) -> bool:
        try:
            return client("PING") == "PONG"
        except (OSError, Refusal):  # it does not listen yet, or loads its data
            return False

    def exercise(self, client: RedisClient) -> None:
        with pytest.raises(Refusal, match="NOAUTH"):
            Redis(client.place.host, 6379)("GET", "text")
        for words, expected in COMMANDS:
            assert client(*words) == expected, words
        for section in ("server", "memory", "commandstats", "keyspace"):
            assert client("INFO", section)
        for words in (("COMMAND", "COUNT"), ("MEMORY", "DOCTOR"), ("CLIENT", "LIST")):
            assert client(*words)
        for number in range(2_000):
            assert client("SET", f"many:{number}", str(number)) == "OK"
        self._published(client)
        self._tls(client)
        client("BGREWRITEAOF")
        self._await(client, "aof_rewrite_in_progress:0")
        client("BGSAVE", "SCHEDULE")
        self._await(client, "rdb_bgsave_in_progress:0")

    def check_kept(self, client: RedisClient) -> None:
        assert client("GET", "text") == "Grüße!".encode()
        assert client("LRANGE", "list", "0", "-1") == [b"c", b"a", b"b"]
        assert client("FCALL", "sum", "0", "3", "4") == 7
        assert client("GET", "many:1999") == b"1999"

    def reload(self, running: Running, client: RedisClient) -> None:
        os.kill(running.pid, signal.SIGHUP)  # it is ignored
        assert client("PING") == "PONG"
        assert client("SET", "late", "1") == "OK"
        assert client("WAITAOF", "1", "0", "5000") == [1, 0]

    def _published(self, client: RedisClient) -> None:
        listening = Redis(client.place.host, 6379)
        listening("AUTH", PASSWORD)
        assert listening("SUBSCRIBE", "news") == [b"subscribe", b"news", 1]
        assert client("PUBLISH", "news", "hello") == 1
        assert listening.receive() == [b"message", b"news", b"hello"]
        listening.close()

    def _tls(self, client: RedisClient) -> None:
        authority = client.place.authority
        context = ssl.create_default_context(cafile=str(authority.certificate))
        context.check_hostname = False  # the container's address is not in the certificate
        with pytest.raises((OSError, Refusal)):
            Redis(client.place.host, 6380, context)("PING")
        context.load_cert_chain(authority.server_certificate, authority.server_key)
        secure = Redis(client.place.host, 6380, context)
        secure("AUTH", PASSWORD)
        assert secure("GET", "number") == b"10.5"
        secure.close()

    def _await(self, client: RedisClient, line: str) -> None:
        deadline = time.monotonic() + 30
        while line not in str(client("INFO", "persistence")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
