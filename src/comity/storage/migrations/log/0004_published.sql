CREATE TABLE commitments (idx {int} PRIMARY KEY, entry {blob} NOT NULL);
CREATE TABLE published (one INTEGER PRIMARY KEY CHECK (one = 1), signed TEXT NOT NULL, witnessed TEXT NOT NULL);
