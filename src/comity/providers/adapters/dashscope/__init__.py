# SPDX-License-Identifier: Apache-2.0
"""Alibaba's native API (Model Studio, DashScope): `{"model", "input", "parameters"}` in, `{"output", "usage", "request_id"}` out.

Several exchanges may stand behind one request (a task is asked for and then asked after, vectors come ten at a time), so this is a
provider of its own.  What the partner would pass over silently is refused here, before anything is sent.
"""
