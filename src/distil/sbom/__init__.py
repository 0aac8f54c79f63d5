"""Software bills of materials: an `Inventory` out in the field's formats, and back in."""
