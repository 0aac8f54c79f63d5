"""What others say of vulnerabilities, and what we say, in documents that can be checked.

Documents are read into `claims` by a reader for each format (`read`), and a file of ignored
findings with them (`ignore`). `match` says whether a claim is about a component of a target,
`apply` joins what is said to the findings of a scan. `openvex` and `cyclonedx` write a scan as a
document with our evidence, which `proof` shows again from the bytes of an image.
"""
