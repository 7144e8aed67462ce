# SPDX-License-Identifier: Apache-2.0
"""Events of a streamed answer, restored: one file for each API.

Each takes decoded events.  `feed` gives the event back behind what has to go out before it, and the very same object when nothing in
it changes; `flush` gives what still waits when the stream ends.  Neither raises: what is odd passes.
"""
