# SPDX-License-Identifier: Apache-2.0
"""Text in pictures: read on this machine, scanned like any other text, and painted over before the picture leaves.

No pixel leaves that was not read: what leaves is the picture as it was decoded here, without its metadata.
"""
