# SPDX-License-Identifier: Apache-2.0
"""OpenAI Responses, as a front door.  Pure: shapes in, shapes out; the door itself is put together in `gateway/doors.py`."""
