SELECT * FROM pg_class
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_tables
SELECT * FROM pg_user
SELECT * FROM pg_shadow
SELECT * FROM pg_authid
SELECT rolname FROM pg_roles
SELECT * FROM pg_settings
UPDATE pg_settings SET setting = '2' WHERE name = 'app.business_id'
SELECT * FROM pg_stat_activity
SELECT * FROM pg_stat_statements
SELECT * FROM pg_locks
SELECT * FROM pg_proc
SELECT * FROM pg_attribute
SELECT * FROM pg_stats
SELECT most_common_vals FROM pg_stats
SELECT * FROM pg_statistic
SELECT * FROM pg_largeobject
SELECT * FROM pg_hba_file_rules
SELECT * FROM pg_file_settings
SELECT * FROM pg_views
SELECT * FROM pg_policies
SELECT * FROM pg_database
SELECT * FROM pg_namespace
SELECT * FROM information_schema.tables
SELECT * FROM information_schema.columns
SELECT * FROM information_schema.role_table_grants
SELECT * FROM public.clients
SELECT * FROM public.users
SELECT * FROM users
SELECT * FROM memberships
SELECT password_hash FROM users
SELECT * FROM api_keys
SELECT * FROM plugin_settings
SELECT * FROM audit_entries
SELECT * FROM businesses
SELECT * FROM plugin_stripe.cards
SELECT * FROM other.reporting.clients
SELECT * FROM "Clients"
SELECT * FROM U&"\0070g_class"
SELECT * FROM clients, pg_class
SELECT name FROM clients UNION SELECT rolname FROM pg_roles
SELECT name FROM clients WHERE id IN (SELECT oid FROM pg_class)
SELECT (SELECT count(*) FROM pg_class)
SELECT EXISTS (SELECT FROM users)
WITH c AS (SELECT * FROM users) SELECT * FROM c
WITH pg_class AS (SELECT 1) SELECT * FROM pg_catalog.pg_class
WITH users AS (SELECT 1) SELECT * FROM public.users
SELECT * FROM (WITH users AS (SELECT 1 a) SELECT a FROM users) q, users
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a
TABLE users
TABLE pg_shadow
SELECT clients.* FROM clients TABLESAMPLE system (1), pg_user
SELECT 'pg_class'::regclass
SELECT 'clients'::regclass::oid
SELECT 1::regproc
SELECT 'pg_sleep'::regproc
SELECT '1'::oid
SELECT CAST('x' AS regrole)
SELECT 'x'::clients
SELECT '(1)'::reporting.clients
SELECT 'x'::xml
SELECT '{}'::json
SELECT '{}'::jsonb -> 'a'
SELECT 'x'::name
SELECT 'x'::"char"
SELECT 1::pg_catalog.oid
SELECT '{pg_class}'::regclass[]
