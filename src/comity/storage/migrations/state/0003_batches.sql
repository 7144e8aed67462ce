CREATE TABLE files (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, purpose TEXT NOT NULL, name {blob} NOT NULL, bytes {int}, pieces {int} NOT NULL,
    made {int} NOT NULL, until {int} NOT NULL
) {without_rowid};
CREATE INDEX files_owned ON files (owner, made, id);
CREATE TABLE file_pieces (file TEXT, number {int}, sealed {blob} NOT NULL, PRIMARY KEY (file, number));
CREATE TABLE batches (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, endpoint TEXT NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL, errors TEXT NOT NULL,
    terms {blob} NOT NULL, retry {int} NOT NULL, status TEXT NOT NULL, why TEXT NOT NULL, holder TEXT, pause {int} NOT NULL,
    total {int}, completed {int} NOT NULL, failed {int} NOT NULL,
    made {int} NOT NULL, expires {int} NOT NULL, begun {int}, stopped {int}, ended {int}, keep {int} NOT NULL
) {without_rowid};
CREATE INDEX batches_owned ON batches (owner, made, id);
CREATE INDEX batches_open ON batches (made) WHERE ended IS NULL;
CREATE TABLE batch_lines (
    batch TEXT, number {int}, piece {int} NOT NULL, first {int} NOT NULL, length {int} NOT NULL, holder TEXT, lost {int} NOT NULL,
    PRIMARY KEY (batch, number)
) {without_rowid};
CREATE INDEX batch_lines_held ON batch_lines (holder) WHERE holder IS NOT NULL;
CREATE TABLE batch_holders (holder TEXT PRIMARY KEY, until {int} NOT NULL) {without_rowid};
