"""Running things: a tree as a root file system, and a process in it, without privileges."""
