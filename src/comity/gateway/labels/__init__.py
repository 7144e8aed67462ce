# SPDX-License-Identifier: Apache-2.0
"""What says, on and in an answer's file, that a machine made it: written, and read again.

`files.py` is the way in; each carrier (PNG, JPEG, WebP, WAV, MP3, PDF) has a file of its own.
"""
