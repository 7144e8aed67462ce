# SPDX-License-Identifier: Apache-2.0
"""Models that find names of persons; heavy imports stay inside functions."""
