"""What is there for building and running images, what is missing, and how to get it."""
