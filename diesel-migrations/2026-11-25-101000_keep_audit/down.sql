DROP TABLE audit_heads, audit_records;
DROP FUNCTION refuse_change;
