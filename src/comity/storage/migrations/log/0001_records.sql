-- sqlite
CREATE TABLE judgements (digest BLOB PRIMARY KEY, facts BLOB NOT NULL, decision BLOB NOT NULL);
-- sqlite
CREATE TABLE records (
    idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, subject TEXT,
    receipt BLOB NOT NULL, salt BLOB NOT NULL, leaf BLOB NOT NULL, judgement BLOB NOT NULL REFERENCES judgements
);
-- sqlite
CREATE TABLE outcomes (id TEXT PRIMARY KEY REFERENCES records (id), outcome BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE nodes (level {int} NOT NULL, idx {int} NOT NULL, hash {blob} NOT NULL, PRIMARY KEY (level, idx)) {without_rowid};
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), size {int} NOT NULL, checkpoint TEXT NOT NULL);
