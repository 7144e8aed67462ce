# SPDX-License-Identifier: Apache-2.0
"""Web pages over the gateway's API: files of plain HTML, CSS and ES modules, and how they are served.

Owns what a browser shows.  Will not query a database, nor know anything that the API does not tell whoever is signed in.
"""
