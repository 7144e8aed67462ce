# SPDX-License-Identifier: Apache-2.0
"""A person's own files, which any other program reads too: a calendar (RFC 5545), contacts (vCard), mail drafts (Maildir), notes (text).

No network and no server.  Every change says what it changed, so that it can be undone as long as nothing changed since.
"""
