CREATE TABLE heads (log TEXT PRIMARY KEY, size {int} NOT NULL, root {blob} NOT NULL, note TEXT NOT NULL) {without_rowid};
