"""A Tree as the root of a process: sandboxes of the kernel, and engines that are there."""
