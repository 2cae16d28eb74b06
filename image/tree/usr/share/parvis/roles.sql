-- The roles of the appliance, each for one user of the machine, and the database that one of them owns. May be run again.

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['parvis-owner', 'parvis', 'parvis-read']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

SELECT 'CREATE ROLE "parvis-backup" LOGIN REPLICATION'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parvis-backup')
\gexec

SELECT 'CREATE DATABASE parvis OWNER "parvis-owner" TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'parvis')
\gexec

-- Nobody comes to a database by being somebody: only the owner, the service and the reader to theirs.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
REVOKE ALL ON DATABASE parvis FROM PUBLIC;
GRANT CONNECT ON DATABASE parvis TO "parvis", "parvis-read";

-- The reader reads, whatever it is granted.
ALTER ROLE "parvis-read" SET default_transaction_read_only = on;
