"""What is in an image, from all that tells of it: its bytes, its ledger, its documents."""
