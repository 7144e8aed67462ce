# SPDX-License-Identifier: Apache-2.0
"""Which of some labels a text belongs to, or to none: from what a label is called, or from a few examples of each.

Owns the head over frozen vectors, its calibration, and the `Chooser` that is kept as plain data.
Will not train a network, ask for anything but vectors, or answer where it is not sure without saying so.
"""
