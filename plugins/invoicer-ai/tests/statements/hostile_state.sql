SELECT set_config('app.business_id', '2', true)
SELECT pg_catalog.set_config('app.business_id', '2', false)
SELECT "set_config"('app.business_id', '2', true) FROM clients
SELECT * FROM clients WHERE set_config('app.business_id', '2', true) IS NOT NULL
SELECT i.* FROM (SELECT set_config('app.business_id','2',true) v OFFSET 0) s, LATERAL (SELECT * FROM invoices WHERE s.v IS NOT NULL) i
WITH s AS MATERIALIZED (SELECT set_config('app.business_id', '2', true)) SELECT * FROM s, clients
SELECT CASE WHEN set_config('app.business_id','2',true) = '2' THEN 1 END
SELECT name FROM clients ORDER BY set_config('app.business_id', '2', true)
SELECT count(*) FROM clients GROUP BY set_config('app.business_id', '2', true)
SELECT name FROM clients LIMIT length(set_config('app.business_id', '2', true))
SELECT sum(id) OVER (ORDER BY set_config('app.business_id', '2', true)) FROM clients
SELECT count(*) FILTER (WHERE set_config('app.business_id','2',true) = '2') FROM clients
SELECT * FROM clients c JOIN invoices i ON set_config('app.business_id','2',true) = '2'
VALUES (set_config('app.business_id', '2', true))
SELECT ARRAY(SELECT set_config('app.business_id', '2', true))
SELECT * FROM set_config('app.business_id', '2', true)
SELECT * FROM ROWS FROM (set_config('app.business_id', '2', true)) x
SELECT coalesce(set_config('app.business_id', '2', true), 'x')
SELECT current_setting('app.business_id')
SELECT current_setting('server_version')
SELECT pg_sleep(10)
SELECT pg_sleep_for('1 minute')
SELECT pg_sleep_until(now() + interval '1 minute')
SELECT 1 FROM clients WHERE pg_sleep(1) IS NULL
SELECT pg_advisory_lock(1)
SELECT pg_try_advisory_lock(g) FROM generate_series(1, 1000) g
SELECT pg_advisory_xact_lock_shared(1, 2)
SELECT pg_advisory_unlock_all()
SELECT pg_notify('a', 'b')
SELECT pg_cancel_backend(1)
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
SELECT pg_reload_conf()
SELECT pg_rotate_logfile()
SELECT pg_switch_wal()
SELECT pg_export_snapshot()
SELECT pg_logical_emit_message(true, 'a', 'b')
SELECT nextval('clients_id_seq')
SELECT setval('clients_id_seq', 1)
SELECT setseed(0.5)
SELECT txid_current()
SELECT pg_current_xact_id()
SELECT pg_stat_reset()
SELECT pg_backend_pid()
SELECT version()
SELECT current_user
SELECT session_user
SELECT user
SELECT current_role
SELECT current_catalog
SELECT current_schema
SELECT current_database()
SELECT inet_server_addr()
SELECT pg_postmaster_start_time()
SELECT pg_conf_load_time()
SELECT has_table_privilege('clients', 'SELECT')
SELECT pg_get_functiondef(1)
SELECT pg_get_viewdef('reporting.clients')
SELECT obj_description(1)
SELECT pg_relation_size('clients')
SELECT pg_database_size('postgres')
SELECT txid_current_snapshot()
