# SPDX-License-Identifier: Apache-2.0
"""How realistic stand-ins are made, kind by kind: pure functions of an original and a `Draw`.  `comity.privacy.surrogate` keeps
who got which, and finds them on the way back."""
