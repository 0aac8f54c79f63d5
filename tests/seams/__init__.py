"""A second distribution and a second language as toys: what adding one takes."""
