# SPDX-License-Identifier: Apache-2.0
"""SQLite and PostgreSQL, migrations, durable writes in groups; and the folder they lie in.

Owns every connection to a database.
Will not interpret what it stores, and is barred to the deciding rooms.
"""
