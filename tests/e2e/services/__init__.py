"""What each Debian service has to do as an image: for the tests and for the benchmarks."""

from __future__ import annotations

from tests.e2e.services.base import Service
from tests.e2e.services.postgres import PostgresService
from tests.e2e.services.redis import RedisService

SERVICES: dict[str, Service] = {
    service.example: service for service in (RedisService(), PostgresService())
}

__all__ = ["SERVICES", "Service"]
