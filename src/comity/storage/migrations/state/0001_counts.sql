CREATE TABLE keys (name TEXT PRIMARY KEY, key {blob} NOT NULL) {without_rowid};
CREATE TABLE counted (
    "window" TEXT, counter TEXT, member {blob}, month TEXT NOT NULL, PRIMARY KEY ("window", counter, member)
) {without_rowid};
CREATE TABLE tallies (counter TEXT, month TEXT, members {int} NOT NULL, PRIMARY KEY (counter, month)) {without_rowid};
CREATE TABLE entries (number {serial}, entry {blob} NOT NULL);
