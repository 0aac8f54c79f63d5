"""The solver that decides for every base: one line, so that another can be put in its place."""

from __future__ import annotations

from typing import Final

from distil.distros.debian.solvers import Solver
from distil.distros.debian.solvers.apt2 import Apt2

SOLVER: Final[Solver] = Apt2()
