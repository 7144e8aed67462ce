CREATE TABLE numbers (day TEXT PRIMARY KEY, said {blob} NOT NULL) {without_rowid};
