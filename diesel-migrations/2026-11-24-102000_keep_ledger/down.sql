DROP TABLE publications, corrections, ledger_entries;
