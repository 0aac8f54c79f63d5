"""The nouns every stage exchanges: immutable values, no I/O beyond opening a blob."""
