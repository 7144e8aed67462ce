# SPDX-License-Identifier: Apache-2.0
"""Whether what a model wrote is true to its source: pure functions of the two texts, with no model, no network, no clock.

Owns reading values, names, denials and opposites of English and Chinese and comparing them.  Will not know prompts or tasks, will not
mend an answer, and never says that an answer is right: only that nothing was found.
"""

from comity.tasks.gates.check import KINDS, check

__all__ = ["KINDS", "check"]
