# SPDX-License-Identifier: Apache-2.0
"""Partners as data: who runs an endpoint, where it is, where it computes and keeps, each with its source.

Owns the facts and joining them with an operator's configuration.  Will not open a connection.
"""
