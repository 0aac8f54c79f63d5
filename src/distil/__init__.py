"""distil: the smallest container image that runs an application, and proof of what is in it."""
