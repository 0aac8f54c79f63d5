"""What of ``[policy]`` can only be judged with what other rooms know, before anything is built."""

from __future__ import annotations

from pathlib import Path

from distil.model.spec import PolicySpec
from distil.source.specification import SpecPlace


def check_policy(policy: PolicySpec, source: Path) -> None:
    """Raise `InvalidSpec` for a licence that there is none of: it would deny nothing.

    `source` is the directory of ``distil.toml``.
    """
    if not policy.denied_licenses:
        return
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    for name in policy.denied_licenses:
        if "*" in name or name.lower().startswith("licenseref-"):
            continue
        try:
            canonicalize_license_expression(name)
        except InvalidLicenseExpression:
            raise SpecPlace(source, ("policy", "denied_licenses")).error(
                f"{name!r} is no licence of the SPDX list, and would deny nothing",
                hint="write an id such as AGPL-3.0-only, or a pattern such as AGPL-*",
            ) from None
