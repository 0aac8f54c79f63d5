"""What the import contracts of pyproject.toml cannot say about how modules depend on each other."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def test_no_module_is_in_a_circle_of_imports_not_even_for_types():
    """The contract compares siblings; a package and the modules in it count here as well."""
    graph = grimp.build_graph("distil", exclude_type_checking_imports=False, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" is imported by ".join(error.args[1]), pytrace=False)
