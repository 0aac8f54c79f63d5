"""Which known vulnerabilities concern what is in an image, and how that is known.

Advisories become a database that is read by key (`database`), with versions ordered as each
ecosystem orders them (`versions`). An inventory is matched against it (`matching`); what others
and we ourselves say of the findings is joined to them (`vex`), and where other scanners say
something else, why (`others`). Nothing here asks the network but `feeds`, when a database is
brought up to date.
"""
