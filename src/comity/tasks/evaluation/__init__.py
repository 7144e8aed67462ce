# SPDX-License-Identifier: Apache-2.0
"""How well the tasks are done on this device, measured: sets of items, scorers, baselines, and what comes of them.

Owns the capability matrix's making (`capability.toml` is written here and read by `comity.tasks.capability`) and the page with pictures.
Asks nobody but models on this machine; what an item holds never leaves it.
"""
