CREATE INDEX records_request ON records (request);
