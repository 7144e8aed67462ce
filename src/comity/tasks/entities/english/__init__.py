# SPDX-License-Identifier: Apache-2.0
"""English: its words, its numbers and its grammar."""
