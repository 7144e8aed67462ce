CREATE TABLE changes (idx {int} PRIMARY KEY, change {blob} NOT NULL, salt {blob} NOT NULL);
CREATE INDEX records_subject ON records (subject, idx) WHERE subject IS NOT NULL;
