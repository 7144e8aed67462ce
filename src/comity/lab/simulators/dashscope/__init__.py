# SPDX-License-Identifier: Apache-2.0
"""Alibaba Model Studio's native API, `/api/v1`, as its documentation and its own SDK tell it: text, vision, speech, vectors, images, tasks.

Not played: the WebSocket API (`/api-ws/v1/inference`), which the server that runs the simulators does not speak.
"""

from comity.lab.simulators.dashscope.dialect import DashScope

__all__ = ["DashScope"]
