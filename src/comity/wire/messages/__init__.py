# SPDX-License-Identifier: Apache-2.0
"""Anthropic Messages, as a front door.  Pure: shapes in, shapes out; the door itself is put together in `gateway/doors.py`."""
