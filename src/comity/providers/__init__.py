# SPDX-License-Identifier: Apache-2.0
"""Partners: one protocol, a catalog of facts as data, one adapter file a wire dialect.

Owns the exact list of egress hosts, in one place.
Will not decide, retry, or fall back; adapters do not know each other.
"""
