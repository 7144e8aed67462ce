# SPDX-License-Identifier: Apache-2.0
"""What is personal; hide it; bring it back, also in a stream.

Owns recognisers, pseudonyms and the restorer.
Will not decide whether something may leave, keep a map beyond its conversation, or log what it found.
"""
