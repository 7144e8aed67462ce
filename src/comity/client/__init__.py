# SPDX-License-Identifier: Apache-2.0
"""The sealed client and the local proxy.

Will own what an application embeds to check a node before it sends.
Empty until the sealing work lands.
"""
