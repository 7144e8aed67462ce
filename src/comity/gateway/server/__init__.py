# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as this gateway takes it: strict, bounded in bytes, number and time, one task a request.

What could be read in two ways is refused and the connection closed; nothing is repaired.  It knows no route, caller or law.
"""
