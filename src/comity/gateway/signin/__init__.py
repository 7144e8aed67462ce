# SPDX-License-Identifier: Apache-2.0
"""Who is signed in, in a browser: sessions, the ways to begin one, and what a person may ask about themselves.

Owns the session's cookie and all that keeps other sites from using it.  Will not decide what a role may do: that is `read/roles.py`.
"""
