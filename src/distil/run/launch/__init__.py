"""The launcher: a program of its own that makes a sandbox, watches over it and clears it away.

It is started by `distil.run.sandbox` as a new process of one thread, with this machine's Python
and nothing of the installation around it (``-I -S``): what is in this folder imports the standard
library alone, and of that only what starts quickly. Its processes are three:

- *outside* (`outside`), in the host's namespaces: starts the next one, holds it to its limits, and
  kills it when the caller is gone;
- *inside* (`inside`), the first process of the sandbox's namespaces: mounts the root, starts the
  task, reaps what is orphaned;
- the task itself, which has given up what the others still need.
"""
