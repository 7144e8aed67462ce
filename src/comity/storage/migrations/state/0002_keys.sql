CREATE TABLE callers (id TEXT PRIMARY KEY, terms TEXT NOT NULL, made {int} NOT NULL, rotated {int}, revoked {int}) {without_rowid};
CREATE TABLE caller_hashes (sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, until {int}) {without_rowid};
CREATE TABLE revisions (name TEXT PRIMARY KEY, number {int} NOT NULL) {without_rowid};
CREATE TABLE spend (
    account TEXT, period TEXT, currency TEXT, settled {int} NOT NULL, held {int} NOT NULL, PRIMARY KEY (account, period, currency)
) {without_rowid};
CREATE TABLE holds (
    hold TEXT, account TEXT, period TEXT, currency TEXT, amount {int} NOT NULL, at {int} NOT NULL, PRIMARY KEY (hold, account)
) {without_rowid};
CREATE TABLE minutes (account TEXT PRIMARY KEY, counted TEXT NOT NULL) {without_rowid};
