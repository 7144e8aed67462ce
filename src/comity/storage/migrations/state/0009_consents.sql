CREATE TABLE consents (
    number {serial}, id TEXT NOT NULL UNIQUE, person TEXT NOT NULL, withdraws TEXT NOT NULL, record {blob} NOT NULL,
    salt {blob} NOT NULL, signature {blob} NOT NULL, place {int} NOT NULL
);
CREATE INDEX consents_of ON consents (person, number);
CREATE INDEX consents_withdrawn ON consents (withdraws) WHERE withdraws <> '';
CREATE TABLE consent_texts (sha256 TEXT PRIMARY KEY, language TEXT NOT NULL, text TEXT NOT NULL) {without_rowid};
ALTER TABLE erasures ADD COLUMN consent TEXT NOT NULL DEFAULT '';
