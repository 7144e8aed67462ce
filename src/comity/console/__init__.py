# SPDX-License-Identifier: Apache-2.0
"""Web pages over the gateway's read API.

Will own pages; will not query a database. Empty until the console work lands.
"""
