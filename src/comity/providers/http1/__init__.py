# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as a client speaks it (RFC 9112): a strict reader of answers without input or output, and connections that are kept.

`head` and `reading` are pure; `connection`, `dial` and `pool` move bytes.  Knows no partner, no law, and no error but its own.
"""
