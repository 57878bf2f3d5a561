INSERT INTO clients (name) VALUES ('x')
INSERT INTO reporting.clients SELECT * FROM clients
UPDATE clients SET name = 'x'
UPDATE invoices SET total_amount = 0 WHERE id = 1
DELETE FROM payments
DELETE FROM invoices USING clients WHERE invoices.client_id = clients.id
TRUNCATE invoices
TRUNCATE clients, payments CASCADE
MERGE INTO clients c USING clients d ON c.id = d.id WHEN MATCHED THEN DELETE
WITH gone AS (DELETE FROM clients RETURNING *) SELECT * FROM gone
WITH made AS (INSERT INTO products (name) VALUES ('x') RETURNING id) SELECT id FROM made
WITH kept AS (UPDATE invoices SET notes = 'x' RETURNING id) SELECT count(*) FROM kept
SELECT * FROM clients WHERE id IN (WITH d AS (DELETE FROM clients RETURNING id) SELECT id FROM d)
SELECT * INTO stolen FROM clients
SELECT id INTO TEMP stolen FROM invoices
SELECT id INTO UNLOGGED stolen FROM invoices
CREATE TABLE stolen AS SELECT * FROM clients
CREATE TEMP TABLE stolen AS TABLE clients
CREATE TABLE t (a int)
CREATE VIEW v AS SELECT * FROM clients
CREATE MATERIALIZED VIEW v AS SELECT * FROM clients
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$
CREATE EXTENSION dblink
CREATE SCHEMA mine
CREATE ROLE me SUPERUSER
CREATE USER me PASSWORD 'x'
CREATE INDEX ON clients (name)
CREATE TRIGGER t BEFORE INSERT ON clients EXECUTE FUNCTION f()
CREATE RULE r AS ON SELECT TO clients DO INSTEAD SELECT 1
CREATE SEQUENCE s
CREATE POLICY p ON clients USING (true)
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw
CREATE CAST (text AS int) WITH INOUT
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)
CREATE DATABASE d
ALTER TABLE clients DISABLE ROW LEVEL SECURITY
ALTER ROLE invoicer_sql BYPASSRLS
ALTER ROLE invoicer_sql SET app.business_id = '2'
ALTER SYSTEM SET log_statement = 'none'
ALTER VIEW reporting.clients SET (security_invoker = false)
ALTER DATABASE invoicer SET search_path = public
ALTER FUNCTION now() OWNER TO invoicer_sql
DROP TABLE clients
DROP VIEW reporting.clients CASCADE
DROP SCHEMA reporting CASCADE
DROP POLICY of_business ON clients
DROP OWNED BY invoicer_sql
GRANT ALL ON clients TO PUBLIC
GRANT invoicer_owner TO invoicer_sql
REVOKE ALL ON clients FROM invoicer_app
REASSIGN OWNED BY invoicer_app TO invoicer_sql
COMMENT ON TABLE clients IS 'x'
SECURITY LABEL ON TABLE clients IS 'x'
COPY clients TO '/tmp/stolen'
COPY clients TO STDOUT
COPY clients FROM '/etc/passwd'
COPY clients FROM PROGRAM 'id'
COPY (SELECT * FROM clients) TO PROGRAM 'cat'
COPY (SELECT * FROM clients) TO STDOUT
IMPORT FOREIGN SCHEMA x FROM SERVER s INTO y
REFRESH MATERIALIZED VIEW v
REINDEX TABLE clients
CLUSTER clients
VACUUM
VACUUM FULL clients
ANALYZE clients
CHECKPOINT
