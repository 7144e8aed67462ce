# SPDX-License-Identifier: Apache-2.0
"""Tasks on speech: what was said in a sound, and a text as a sound."""
