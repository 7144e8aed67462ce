# SPDX-License-Identifier: Apache-2.0
"""Answers to allow-listed questions over many devices: clipped there, summed without being seen, noised, paid for, signed.

Owns which questions may be asked, the secure sum, the noise and its budget, and the bundle that crosses.
Will not hold anybody's events, train a model, or decide whether a bundle may cross: that is policy's.
"""
