"""Cataloguing: what is in an image, by what its files say, each fact with the file it is from."""
