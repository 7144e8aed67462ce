# SPDX-License-Identifier: Apache-2.0
"""One file a locale; each names its sources."""
