# SPDX-License-Identifier: Apache-2.0
"""SQLite (later PostgreSQL): migrations and durable, group-committed records.

Owns the only connection to a database.
Will not interpret what it stores, and is barred to the deciding rooms.
"""
