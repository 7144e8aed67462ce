CREATE TABLE entries (idx {int} PRIMARY KEY, entry {blob} NOT NULL);
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), size {int} NOT NULL, peaks {blob} NOT NULL);
CREATE TABLE published (one INTEGER PRIMARY KEY CHECK (one = 1), signed TEXT NOT NULL, witnessed TEXT NOT NULL);
