CREATE TABLE seen (origin TEXT PRIMARY KEY, size {int} NOT NULL, root {blob} NOT NULL, note TEXT NOT NULL);
