CREATE TABLE passes (
    sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, subject TEXT NOT NULL, until {int} NOT NULL, used {int} NOT NULL
) {without_rowid};
CREATE TABLE sessions (
    sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, key TEXT NOT NULL, subject TEXT NOT NULL, until {int} NOT NULL
) {without_rowid};
CREATE TABLE erasures (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, made {int} NOT NULL, done {int}, records {int} NOT NULL, held {int} NOT NULL,
    held_until TEXT NOT NULL, under_way {int} NOT NULL
) {without_rowid};
CREATE INDEX erasures_of ON erasures (subject);
