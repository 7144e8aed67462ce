# SPDX-License-Identifier: Apache-2.0
"""Comity: one AI feature in every country, where the law lets the data go, with proof.

Importing this package costs nothing: it opens no file, no socket and no model.
"""

__version__ = "0.1.0"
