"""The same applications built in the ways people build them today."""
