SELECT c.to_jsonb FROM clients c
SELECT c.to_json FROM clients c
SELECT c.row_to_json FROM clients c
SELECT c.count FROM clients c
SELECT clients.to_jsonb FROM clients
SELECT reporting.clients.to_jsonb FROM reporting.clients
SELECT q.to_jsonb FROM (SELECT * FROM clients) q
SELECT q.row_to_json FROM (SELECT id FROM clients) q
WITH q AS (SELECT * FROM clients) SELECT q.to_json FROM q
SELECT (c).to_jsonb FROM clients c
SELECT (c.*).to_jsonb FROM clients c
SELECT (SELECT c.to_jsonb) FROM clients c
SELECT x.to_jsonb FROM clients c, LATERAL (SELECT c.id) x
SELECT name FROM clients c ORDER BY c.to_jsonb
SELECT count(*) FROM clients c GROUP BY c.json_agg
SELECT 1 FROM clients c WHERE c.to_jsonb IS NOT NULL
SELECT a.hstore FROM invoices a
SELECT c.pg_typeof FROM clients c
SELECT c.num_nulls FROM clients c
SELECT c FROM clients c
SELECT clients FROM clients
SELECT to_jsonb(c) FROM clients c
SELECT row_to_json(c.*) FROM clients c
SELECT count(c.*) FROM clients c
SELECT c.* IS NULL FROM clients c
SELECT (c).name FROM clients c
SELECT ctid FROM clients
SELECT xmin, xmax FROM clients
SELECT tableoid FROM invoices
SELECT c.tableoid::regclass FROM clients c
SELECT business_id FROM clients
SELECT cost_price FROM products
SELECT p.cost_price FROM products p
SELECT internal_note FROM invoices
SELECT iban FROM clients
SELECT password_hash FROM clients
SELECT name FROM clients WHERE cost_price > 1
SELECT * FROM clients c JOIN invoices i USING (business_id)
SELECT z.name FROM clients c
SELECT a.b.c.d FROM clients
SELECT (ARRAY[1,2])[1]
SELECT (string_to_array(name, ','))[1] FROM clients
SELECT name COLLATE "und-x-icu" FROM clients
SELECT $1
SELECT * FROM clients WHERE id = $1
SELECT :name
