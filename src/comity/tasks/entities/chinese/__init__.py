# SPDX-License-Identifier: Apache-2.0
"""Chinese: its words, its numbers and its grammar."""
