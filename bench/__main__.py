"""``python -m bench NAME …``: measure, and write bench/RESULTS.md."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench import (
    build_times,
    command_times,
    compiled_times,
    database_times,
    inventory_times,
    lock_times,
    platform_times,
    reach_pass,
    registry_times,
    sandbox_times,
    scan_times,
    service_sizes,
    size_ladder,
    sizes,
    start_times,
    tree_times,
    vulnerabilities,
)
from bench.peers.context import EXAMPLES
from tests.e2e.subjects import SUBJECTS

MEASUREMENTS = {
    "commands": command_times.measure,
    "sizes": sizes.measure,
    "ladder": size_ladder.measure,
    "builds": build_times.measure,
    "compiled": compiled_times.measure,
    "services": service_sizes.measure,
    "platforms": platform_times.measure,
    "starts": start_times.measure,
    "locks": lock_times.measure,
    "reach": reach_pass.measure,
    "registries": registry_times.measure,
    "sandbox": sandbox_times.measure,
    "trees": tree_times.measure,
    "inventories": inventory_times.measure,
    "vulnerabilities": vulnerabilities.measure,
    "database": database_times.measure,
    "scans": scan_times.measure,
}


def main() -> None:
    """Measure what the command line names; everything when it names nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"{', '.join(MEASUREMENTS)} (default: all)")
    parser.add_argument("--example", action="append", help="only this example; repeatable")
    parser.add_argument(
        "--only",
        action="append",
        choices=SUBJECTS,
        help="print distil's own rungs of the size ladder for this example or application, and "
        "write nothing; repeatable",
    )
    chosen = parser.parse_args()
    if chosen.only:
        with tempfile.TemporaryDirectory(prefix="distil-bench-ladder-") as work:
            size_ladder.show(chosen.only, Path(work))
        return
    if unknown := set(chosen.what) - set(MEASUREMENTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    examples = [e for e in EXAMPLES if not chosen.example or e.name in chosen.example]
    for name in chosen.what or MEASUREMENTS:
        with tempfile.TemporaryDirectory(prefix=f"distil-bench-{name}-") as work:
            MEASUREMENTS[name](examples, Path(work))


if __name__ == "__main__":
    main()
