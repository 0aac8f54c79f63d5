"""What maintainer scripts would have done, done without running them."""
