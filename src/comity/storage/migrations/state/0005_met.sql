CREATE TABLE met (entry TEXT PRIMARY KEY, raw {blob} NOT NULL, proof TEXT NOT NULL) {without_rowid};
