SELECT * FROM clients
SELECT name, email FROM clients ORDER BY name
SELECT c.name, sum(i.balance_due) AS owed FROM clients c JOIN invoices i ON i.client_id = c.id GROUP BY c.name HAVING sum(i.balance_due) > 1000 ORDER BY owed DESC
SELECT count(*) FROM invoices
SELECT status, count(*), sum(total_amount) FROM invoices GROUP BY status
SELECT currency, sum(total_amount) FROM invoices WHERE status IN ('sent', 'paid', 'overdue') GROUP BY 1
SELECT date_trunc('month', issue_date)::date AS month, sum(total_amount) AS total FROM invoices WHERE issue_date >= CURRENT_DATE - INTERVAL '12 months' GROUP BY month ORDER BY month
SELECT extract(year FROM issue_date) AS year, count(*) FROM invoices GROUP BY year ORDER BY year
SELECT to_char(issue_date, 'YYYY-MM') AS month, round(avg(total_amount), 2) FROM invoices GROUP BY 1 ORDER BY 1
SELECT invoice_number, due_date, CURRENT_DATE - due_date AS days_late FROM invoices WHERE status = 'overdue' ORDER BY days_late DESC LIMIT 10
SELECT p.name, sum(t.quantity) AS sold FROM invoice_items t JOIN products p ON p.id = t.product_id GROUP BY p.name ORDER BY sold DESC LIMIT 5
SELECT p.category, sum(t.line_total) FROM invoice_items t LEFT JOIN products p ON p.id = t.product_id GROUP BY ROLLUP (p.category)
SELECT name FROM clients c WHERE NOT EXISTS (SELECT 1 FROM invoices i WHERE i.client_id = c.id)
SELECT name FROM clients WHERE id IN (SELECT client_id FROM invoices WHERE total_amount > 500)
SELECT name FROM products WHERE stock_quantity <= low_stock_level
SELECT method, count(*), sum(amount) FROM payments WHERE status = 'succeeded' GROUP BY method
SELECT avg(p.paid_at - i.issue_date) AS days FROM payments p JOIN invoices i ON i.id = p.invoice_id
WITH monthly AS (SELECT date_trunc('month', issue_date) AS month, sum(total_amount) AS total FROM invoices GROUP BY 1) SELECT month, total, lag(total) OVER (ORDER BY month) AS before FROM monthly
WITH a AS (SELECT client_id, sum(total_amount) AS total FROM invoices GROUP BY client_id), b AS (SELECT avg(total) AS mean FROM a) SELECT c.name, a.total FROM a CROSS JOIN b JOIN clients c ON c.id = a.client_id WHERE a.total > b.mean
SELECT client_id, invoice_number, row_number() OVER (PARTITION BY client_id ORDER BY issue_date DESC) AS n FROM invoices
SELECT client_name, rank() OVER w, dense_rank() OVER w FROM invoices WINDOW w AS (ORDER BY total_amount DESC)
SELECT issue_date, sum(total_amount) OVER (ORDER BY issue_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM invoices
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total_amount) FROM invoices
SELECT mode() WITHIN GROUP (ORDER BY currency) FROM invoices
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status <> 'paid') AS open FROM invoices
SELECT CASE WHEN total_amount < 100 THEN 'small' WHEN total_amount < 1000 THEN 'medium' ELSE 'large' END AS size, count(*) FROM invoices GROUP BY size
SELECT coalesce(city, 'unknown') AS city, count(*) FROM clients GROUP BY 1 HAVING count(*) > 0
SELECT name, coalesce(NULLIF(phone, ''), 'none') FROM clients
SELECT DISTINCT country FROM clients ORDER BY country
SELECT DISTINCT ON (client_id) client_id, invoice_number, issue_date FROM invoices ORDER BY client_id, issue_date DESC
SELECT name FROM clients UNION SELECT name FROM products ORDER BY name
SELECT id FROM clients EXCEPT SELECT client_id FROM invoices
SELECT client_id FROM invoices INTERSECT SELECT client_id FROM orders
SELECT name FROM clients UNION ALL (SELECT name FROM products LIMIT 3) LIMIT 5 OFFSET 1
SELECT lower(split_part(email, '@', 2)) AS domain, count(*) FROM clients GROUP BY domain
SELECT name FROM clients WHERE name ILIKE '%gmbh%' OR name LIKE 'A\_%'
SELECT name FROM clients WHERE name ~* '^m(ü|ue)ller'
SELECT name FROM clients WHERE name SIMILAR TO '(A|B)%'
SELECT upper(left(name, 1)) AS letter, string_agg(name, ', ' ORDER BY name) FROM clients GROUP BY letter
SELECT concat(name, ' (', country, ')') FROM clients
SELECT name || ', ' || city AS label FROM clients
SELECT trim(both ' ' from name), length(name), substring(name from 1 for 3), position('a' in name) FROM clients
SELECT c.name, i.invoice_number, i.total_amount FROM clients AS c LEFT JOIN LATERAL (SELECT * FROM invoices x WHERE x.client_id = c.id ORDER BY total_amount DESC LIMIT 1) i ON true
SELECT m::date AS month, count(i.id) FROM generate_series(date '2026-01-01', date '2026-12-01', interval '1 month') AS m LEFT JOIN invoices i ON date_trunc('month', i.issue_date) = m GROUP BY m ORDER BY m
SELECT n FROM generate_series(1, 12) AS g(n)
SELECT order_number, status FROM orders WHERE order_date BETWEEN '2026-01-01' AND '2026-12-31'
SELECT o.order_number, i.invoice_number FROM orders o FULL JOIN invoices i ON i.order_id = o.id
SELECT o.status, sum(o.total_amount) FROM orders o RIGHT JOIN clients c ON c.id = o.client_id GROUP BY o.status
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(id, word)
VALUES (1), (2)
TABLE products
SELECT 1 + 2 * 3 - 4 / 5 % 6 AS n, -7, 2 ^ 3, abs(-1), sqrt(16)
SELECT sum(total_amount) * 100.0 / NULLIF((SELECT sum(total_amount) FROM invoices), 0) AS share, client_name FROM invoices GROUP BY client_name
SELECT greatest(1, 2), least(subtotal, total_amount) FROM invoices
SELECT now() AT TIME ZONE 'Europe/Berlin' AS moment, CURRENT_TIMESTAMP, age(now(), created_at) FROM clients
SELECT i.invoice_number FROM invoices i WHERE i.due_date < CURRENT_DATE AND i.balance_due > 0 AND (i.notes IS NULL OR i.notes = '')
SELECT name FROM products WHERE is_active IS TRUE AND category IS NOT DISTINCT FROM 'Tools'
SELECT name FROM products WHERE unit_price >= ALL (SELECT unit_price FROM products)
SELECT name FROM products WHERE unit_price = ANY (ARRAY[1, 2, 3])
SELECT client_id, currency, sum(total_amount), grouping(client_id) FROM invoices GROUP BY GROUPING SETS ((client_id), (currency), ())
SELECT client_id, status, count(*) FROM invoices GROUP BY CUBE (client_id, status)
SELECT reporting.clients.name FROM reporting.clients
SELECT "name" AS "The name" FROM "clients"
SELECT ntile(4) OVER (ORDER BY total_amount), first_value(invoice_number) OVER (PARTITION BY client_id ORDER BY id) FROM invoices
SELECT c.country, i.currency, sum(i.total_amount)::numeric(14, 2) FROM clients c INNER JOIN invoices i ON c.id = i.client_id GROUP BY c.country, i.currency ORDER BY 3 DESC NULLS LAST
SELECT invoices.*, clients.name FROM invoices, clients WHERE invoices.client_id = clients.id
SELECT i.id FROM invoices i JOIN invoice_items t ON t.invoice_id = i.id JOIN products p ON p.id = t.product_id AND p.name = 'Hammer'
SELECT q.country, q.n FROM (SELECT country, count(*) AS n FROM clients GROUP BY country) AS q WHERE q.n > 1
SELECT (SELECT max(issue_date) FROM invoices i WHERE i.client_id = c.id) AS latest, c.name FROM clients c
SELECT name, 'DELETE FROM clients; DROP TABLE x' AS text FROM clients -- a comment; SELECT 2
SELECT stddev(total_amount), variance(total_amount), corr(subtotal, tax_amount) FROM invoices
SELECT make_date(2026, 1, 1), date_part('dow', issue_date), justify_days(interval '40 days') FROM invoices
SELECT tax_rate, sum(net_amount), sum(net_amount * tax_rate / 100) FROM invoice_items GROUP BY tax_rate
SELECT method FROM payments WHERE paid_at >= date_trunc('year', now()) AND NOT status = 'failed'
SELECT bool_or(status = 'overdue'), bool_and(balance_due >= 0), max(due_date), min(issue_date) FROM invoices
WITH x(a, b) AS (SELECT id, name FROM clients) SELECT a, b FROM x WHERE b > 'M'
SELECT * FROM clients NATURAL JOIN (SELECT id FROM clients) q
SELECT c.name, o.id FROM clients c JOIN (orders o JOIN invoices i ON i.order_id = o.id) ON o.client_id = c.id
SELECT j.title FROM (clients c JOIN products p USING (id)) AS j(id, title)
SELECT count(DISTINCT client_id) AS buyers FROM invoices WHERE (issue_date, issue_date) OVERLAPS (DATE '2026-01-01', DATE '2027-01-01')
SELECT replace(replace(replace(lower(name), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue') AS plain FROM clients ORDER BY plain
SELECT name || ' ' || city || ' ' || country FROM clients WHERE lower(name || ' ' || coalesce(city, '')) LIKE '%berlin%'
WITH lists AS (SELECT client_id, string_agg(invoice_number, ', ' ORDER BY issue_date) AS numbers FROM invoices GROUP BY client_id) SELECT c.name, l.numbers FROM clients c JOIN lists l ON l.client_id = c.id WHERE length(l.numbers) > 5 ORDER BY l.numbers
SELECT array_to_string(array_agg(DISTINCT currency), ', ') AS currencies FROM invoices
SELECT left(string_agg(name, ', '), 200) || ' …' AS some FROM clients
SELECT client_name, round(sum(balance_due) * power(1.05, 3), 2) || ' EUR' AS later FROM invoices GROUP BY client_name
SELECT regexp_replace(phone, '[^0-9+]', '', 'g') AS dialled, split_part(email, '@', 2) AS domain FROM clients WHERE email LIKE '%@%'
SELECT concat_ws(', ', name, address, postcode, city, region, country, vat_id, email, phone) AS all_of_it FROM clients
WITH a AS (SELECT invoice_id, sum(quantity * unit_price) AS gross, sum(net_amount) AS net, sum(line_total) AS total FROM invoice_items GROUP BY invoice_id), b AS (SELECT invoice_id, gross - net AS spread, total - net AS tax, (gross - net) / NULLIF(gross, 0) AS share, net / NULLIF(total, 0) AS part FROM a), c AS (SELECT invoice_id, spread + tax AS whole, share * part AS mixed, (spread + tax) / NULLIF(share * part, 0) AS odd FROM b) SELECT round(avg(whole + mixed + odd), 2), round(stddev(whole - mixed - odd), 2), round(sum(whole * mixed) / NULLIF(sum(odd), 0) * 100, 1), round(100 * avg(whole) / NULLIF(max(mixed), 0), 1), round(avg(odd) - min(odd) + max(odd) / 2, 2) FROM c
