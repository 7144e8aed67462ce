CREATE TABLE contributed (pipeline TEXT, "window" TEXT, query TEXT NOT NULL, PRIMARY KEY (pipeline, "window")) {without_rowid};
CREATE TABLE budget (
    region TEXT, pipeline TEXT, number {int}, event {blob} NOT NULL, head {blob} NOT NULL, PRIMARY KEY (region, pipeline, number)
) {without_rowid};
