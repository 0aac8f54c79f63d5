"""What each example has to do, wherever it runs: for the tests and for the benchmarks."""

from __future__ import annotations

from tests.e2e.workloads.base import AUTHORITY_PATH, Surroundings, Workload
from tests.e2e.workloads.data import DataWorkload
from tests.e2e.workloads.django import DjangoWorkload
from tests.e2e.workloads.fastapi import FastapiWorkload
from tests.e2e.workloads.flask_hello import FlaskHelloWorkload
from tests.e2e.workloads.go_api import GoApiWorkload
from tests.e2e.workloads.nginx_site import NginxSiteWorkload

WORKLOADS: dict[str, Workload] = {
    workload.example: workload
    for workload in (
        FlaskHelloWorkload(),
        FastapiWorkload(),
        DjangoWorkload(),
        DataWorkload(),
        GoApiWorkload(),
        NginxSiteWorkload(),
    )
}

IN_PYTHON = ("data", "django", "fastapi", "flask-hello")
"""The examples whose images have an interpreter to look around with."""

__all__ = ["AUTHORITY_PATH", "IN_PYTHON", "WORKLOADS", "Surroundings", "Workload"]
