# SPDX-License-Identifier: Apache-2.0
"""One file a command.

Owns words, exit codes and what a person sees.
Will not hold logic that another front door would need.
"""
