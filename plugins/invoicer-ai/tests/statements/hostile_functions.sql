SELECT json_agg(c) FROM clients c
SELECT jsonb_build_object('a', name) FROM clients
SELECT jsonb_path_query('{}', '$')
SELECT json_object('a': 1)
SELECT JSON_ARRAY(1, 2)
SELECT array_fill(1, ARRAY[100000000])
SELECT repeat('x', 1000000000)
SELECT lpad('x', 1000000000)
SELECT rpad('x', 1000000000, 'y')
SELECT count(*) FROM generate_series(1, 1000000000)
SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b
SELECT generate_series(1, 1000000000000)
SELECT generate_series(1, 2, 0)
SELECT * FROM generate_series(now() - interval '100 years', now(), interval '1 microsecond')
SELECT * FROM generate_series(1, (SELECT max(id) FROM clients))
SELECT generate_subscripts(ARRAY[1], 1)
SELECT regexp_split_to_table(name, '') FROM clients
SELECT string_to_table(name, ' ') FROM clients
SELECT md5(name) FROM clients
SELECT sha256('x')
SELECT encode('x', 'base64')
SELECT decode('x', 'base64')
SELECT convert_from('x', 'utf8')
SELECT chr(0)
SELECT format('%s', name) FROM clients
SELECT quote_ident(name) FROM clients
SELECT to_regclass('pg_class')
SELECT pg_typeof(name) FROM clients
SELECT gen_random_uuid()
SELECT public.similarity('a', 'b')
SELECT public.count(*) FROM clients
SELECT reporting.now()
SELECT invoicer.pg_catalog.now()
SELECT "COUNT"(*) FROM clients
SELECT concat(VARIADIC ARRAY['a', 'b'])
SELECT clock_timestamp()
SELECT statement_timestamp()
SELECT timeofday()
SELECT row_security_active('clients')
SELECT count(*) FROM unnest(ARRAY[1]) WITH ORDINALITY, json_each('{}')
SELECT 1 OPERATOR(pg_catalog.+) 2
SELECT name OPERATOR(public.%) 'x' FROM clients
SELECT name <-> 'x' FROM clients
SELECT name @@ 'x' FROM clients
SELECT name ^@ 'x' FROM clients
SELECT ARRAY[1] @> ARRAY[1]
SELECT 1 & 2
SELECT 1 << 20
SELECT name FROM clients ORDER BY name USING <
SELECT name FROM clients WHERE id OPERATOR(pg_catalog.=) ANY (ARRAY[1])
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r
WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT * FROM r
SELECT * FROM (WITH RECURSIVE r AS (SELECT 1 UNION SELECT * FROM r) SELECT * FROM r) q
SELECT B'1010'
SELECT X'FF'
SELECT * FROM clients WHERE CURRENT OF c
SELECT ROW(1, 2).f1
SELECT nonsense
SELECT FROM WHERE
DROP/**/TABLE/**/clients
/* SELECT 1 */ DELETE FROM clients
-- SELECT 1
