"""What other scanners report of an image, and where they and we differ, why.

A report is read into an `OtherReport` (`trivy`, `grype`; `reading` finds out which). `comparing`
holds it against a scan, finding by finding; `reasons` says from our own advisories and inventory
why one of the two has what the other has not.
"""
