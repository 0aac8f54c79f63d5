"""An inventory held against advisories.

`questions` says what is asked about which component, `answers` which advisories concern it,
`joining` which of them are one vulnerability, `presence` how much of it is there, `verdict` what
all that is worth; `scan` does it all.
"""
