# SPDX-License-Identifier: Apache-2.0
"""One file a wire dialect; siblings that do not know each other."""
