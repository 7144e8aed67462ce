# SPDX-License-Identifier: Apache-2.0
"""The finders of names that a profile asks for, ready to read."""

from __future__ import annotations

from pathlib import Path

from comity.errors import OperatorError
from comity.privacy.finder import Finder
from comity.privacy.guard import Profile


def finders(profile: Profile, directory: Path) -> tuple[Finder, ...]:
    """None for `rules`.  ``directory``: where the weights lie.

    Raises OperatorError where the extra `names` is not installed or weights are not there, TrustFailure where they are others.
    """
    if profile == "rules":
        return ()
    try:
        from comity.privacy.names.han import HanNames
        from comity.privacy.names.latin import LatinNames

        strict = profile == "strict"
        return LatinNames(directory, strict=strict), HanNames(directory, strict=strict)
    except ImportError as error:
        raise OperatorError(
            f"the package `{error.name}`, which runs the models of names, is not installed", code="model.no_runtime", field="profile",
            exit_code=1, hint="pip install 'comity[names]'",
        ) from None  # fmt: skip
