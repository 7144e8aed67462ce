-- sqlite
CREATE TABLE ended AS SELECT id, outcome FROM outcomes;
-- sqlite
DROP TABLE outcomes;
-- sqlite
ALTER TABLE records RENAME TO kept;
-- sqlite
CREATE TABLE records (
    idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, subject TEXT,
    receipt BLOB NOT NULL, salt BLOB NOT NULL, leaf BLOB NOT NULL, judgement BLOB NOT NULL, until TEXT NOT NULL
);
-- sqlite
INSERT INTO records SELECT idx, id, request, subject, receipt, salt, leaf, judgement, coalesce(
    strftime(
        '%Y-%m',
        substr(json_extract(CAST(receipt AS TEXT), '$.at'), 1, 7) || '-01',
        '+' || json_extract(CAST(receipt AS TEXT), '$.retention_months') || ' months'
    ),
    '9999-12'
) FROM kept;
-- sqlite
DROP TABLE kept;
-- sqlite
CREATE INDEX records_until ON records (until) WHERE until < '9999-12';
-- sqlite
CREATE TABLE outcomes (id TEXT PRIMARY KEY REFERENCES records (id), outcome BLOB NOT NULL) WITHOUT ROWID;
-- sqlite
INSERT INTO outcomes SELECT id, outcome FROM ended;
-- sqlite
DROP TABLE ended;
-- sqlite
ALTER TABLE judgements ADD COLUMN until TEXT NOT NULL DEFAULT '9999-12';
-- postgres
CREATE TABLE judgements (digest BYTEA PRIMARY KEY, facts BYTEA NOT NULL, decision BYTEA NOT NULL, until TEXT NOT NULL);
-- postgres
CREATE TABLE records (
    idx BIGINT NOT NULL, id TEXT NOT NULL, request TEXT NOT NULL, subject TEXT, receipt BYTEA NOT NULL, salt BYTEA NOT NULL,
    leaf BYTEA NOT NULL, judgement BYTEA NOT NULL, until TEXT NOT NULL, PRIMARY KEY (idx, until), UNIQUE (id, until)
) PARTITION BY LIST (until);
-- postgres
CREATE TABLE outcomes (id TEXT NOT NULL, outcome BYTEA NOT NULL, until TEXT NOT NULL, PRIMARY KEY (id, until)) PARTITION BY LIST (until);
ALTER TABLE head ADD COLUMN expiries {int} NOT NULL DEFAULT 0;
