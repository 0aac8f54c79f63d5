"""What two images do not have in common: packages, files, settings, layers."""
