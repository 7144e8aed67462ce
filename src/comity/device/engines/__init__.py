# SPDX-License-Identifier: Apache-2.0
"""One module for each kind of model that runs on this device: text, vectors, hearing, speaking, reading.

Runs in the child process only (`child.py`); native packages are imported in `load`, never at import.  Will not open a connection,
print, or keep what it was asked.
"""
