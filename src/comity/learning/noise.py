# SPDX-License-Identifier: Apache-2.0
"""Noise of whole numbers: the discrete Gaussian (Canonne, Kamath and Steinke, 2020) as OpenDP draws it, exactly and from the system's own
source.  There is no noise of ours, so without OpenDP there is no release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comity.learning.extra import needed

if TYPE_CHECKING:
    from comity.learning.extra import Answer, Sum


def noised(total: Sum, sigma: float) -> Answer:
    """``total``, read as signed, with noise of the standard deviation ``sigma`` on each entry.  Raises OperatorError."""
    np = needed("numpy")
    said = _mechanism(sigma)(total.view(np.int64).tolist())
    answer: Answer = np.array(said, dtype=np.int64)
    return answer


def _mechanism(sigma: float) -> Any:
    dp = needed("opendp.prelude")
    dp.enable_features("contrib")  # what OpenDP calls proven, and not yet through its last review
    return dp.m.make_gaussian(dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64"), scale=sigma)
