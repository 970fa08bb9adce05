"""What analysts and models really ask of a SQLite file."""

HONEST = r"""
SELECT count(*) FROM orders
;;
SELECT count(*) AS n, sum(total) AS revenue, round(avg(total), 2), min(placed_on), max(placed_on), total(total) FROM main.orders
;;
select status, count(*) from orders group by status order by 2 desc, 1
;;
SELECT strftime('%Y-%m', placed_on) AS month, sum(total) AS revenue FROM orders GROUP BY month ORDER BY month
;;
SELECT date(placed_on, 'start of month') AS month, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT c.name, sum(o.total) AS spent FROM orders o JOIN customers c ON c.id = o.customer_id
GROUP BY c.id, c.name HAVING sum(o.total) > 1000 ORDER BY spent DESC LIMIT 5
;;
SELECT c.country, o.status, count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > 300
GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST
;;
SELECT "c"."name" FROM "customers" AS "c" WHERE [c].[country] IN ('DE', 'FR') AND `c`.`id` > 0 ORDER BY 1
;;
SELECT * FROM monthly ORDER BY month
;;
SELECT id, total, rank() OVER (PARTITION BY status ORDER BY total DESC) AS place FROM orders ORDER BY id LIMIT 20
;;
SELECT placed_on, sum(sum(total)) OVER (ORDER BY placed_on ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week
FROM orders GROUP BY placed_on ORDER BY placed_on
;;
SELECT id, lag(total) OVER w, lead(total, 2, 0) OVER w, first_value(id) OVER w, ntile(4) OVER w
FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY placed_on, id) ORDER BY id LIMIT 30
;;
SELECT id, row_number() OVER (ORDER BY total DESC, id), percent_rank() OVER (ORDER BY total), cume_dist() OVER (ORDER BY total),
  sum(total) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM orders ORDER BY id LIMIT 10
;;
WITH spent AS (SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id)
SELECT c.name, spent.total FROM spent JOIN customers c ON c.id = spent.customer_id ORDER BY spent.total DESC, c.name LIMIT 3
;;
WITH paid AS MATERIALIZED (SELECT * FROM orders WHERE status = 'paid'), few AS (SELECT p.total FROM paid p WHERE p.total > 400) SELECT count(*), sum(few.total) FROM few
;;
WITH RECURSIVE chain(id, depth) AS (
  SELECT id, 0 FROM customers WHERE referrer IS NULL
  UNION ALL SELECT c.id, chain.depth + 1 FROM customers c JOIN chain ON c.referrer = chain.id)
SELECT depth, count(*) FROM chain GROUP BY depth ORDER BY depth
;;
WITH RECURSIVE days(d) AS (VALUES ('2026-01-01') UNION ALL SELECT date(d, '+1 day') FROM days WHERE d < '2026-01-10')
SELECT days.d, coalesce(sum(o.total), 0) FROM days LEFT JOIN orders o ON o.placed_on = days.d GROUP BY days.d ORDER BY days.d
;;
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > 480) ORDER BY name
;;
SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE status = 'returned') ORDER BY name
;;
SELECT c.name, (SELECT max(o.total) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c ORDER BY c.id
;;
SELECT DISTINCT country FROM customers ORDER BY country COLLATE NOCASE DESC
;;
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, sum(iif(channel IS NULL, 1, 0)) AS no_channel, count(DISTINCT customer_id), sum(status = 'open') FROM orders
;;
SELECT country, group_concat(name, ', ') FROM (SELECT * FROM customers ORDER BY name) GROUP BY country ORDER BY country
;;
SELECT country, group_concat(DISTINCT substr(name, 1, 8)) FROM customers GROUP BY country ORDER BY country
;;
SELECT details ->> '$.gift' AS gift, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT json_extract(details, '$.items[0].sku') AS sku, sum(details -> 'items' -> 0 ->> 'count') FROM orders GROUP BY sku ORDER BY sku
;;
SELECT i.value ->> 'sku' AS sku, sum(i.value ->> 'count') AS n FROM orders o, json_each(o.details, '$.items') i GROUP BY 1 ORDER BY 2 DESC, 1
;;
SELECT key, type, count(*) FROM orders, json_each(orders.details) GROUP BY key, type ORDER BY key, type
;;
SELECT t.fullkey, t.atom FROM orders o JOIN json_tree(o.details) t WHERE o.id = 1 AND t.atom IS NOT NULL ORDER BY t.id
;;
SELECT json_group_array(country), json_object('a', 1, 'b', 'x'), json_array(1, 'a', NULL), json_array_length('[1,2]'), json_type('{}'), json_valid('{') FROM customers WHERE id < 4
;;
SELECT json_group_object(id, name) FROM customers WHERE id < 3
;;
SELECT julianday('2026-03-01') - julianday('2026-02-01'), date('2026-01-31', '+1 month', '-1 day'), strftime('%w', '2026-02-28'), strftime('%s', '2026-02-28') - strftime('%s', '2026-02-27'), unixepoch('2026-01-01'), time('10:05:00', '+90 minutes'), datetime(0, 'unixepoch'), CAST(strftime('%Y', placed_on) AS INTEGER) FROM orders LIMIT 1
;;
SELECT CAST(strftime('%m', placed_on) AS INTEGER) AS m, (strftime('%m', placed_on) + 2) / 3 AS quarter, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1
;;
SELECT count(*) FROM orders WHERE placed_on >= date('2026-06-01', '-1 month') AND placed_on < '2026-06-01'
;;
SELECT count(*) FROM orders WHERE placed_on BETWEEN '2026-02-01' AND '2026-02-28' AND placed_on < date('now', '+100 years') AND placed_at < CURRENT_TIMESTAMP || 'z' IS NOT NULL
;;
SELECT CASE WHEN total < 100 THEN 'small' WHEN total < 300 THEN 'middle' ELSE 'large' END AS size, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT CASE status WHEN 'open' THEN 1 ELSE 0 END AS is_open, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT round(100.0 * sum(status = 'returned') / nullif(count(*), 0), 1) AS percent FROM orders
;;
SELECT upper(name), lower(name), length(name), printf('%05d', id), format('%.2f', total), substr(email, instr(email, '@') + 1), trim(name), substring(name, 1, 4), replace(name, 'Customer', 'C'), country || '-' || customers.id, name || '!', hex('a'), unicode('a'), char(65, 66), quote('it''s'), typeof(total)
FROM customers JOIN orders USING (id) ORDER BY id LIMIT 4
;;
SELECT name FROM customers WHERE name LIKE '%er 1%' AND name NOT LIKE '%5' AND email GLOB 'c[0-9]*@*' AND email NOT GLOB 'zz*' ORDER BY id
;;
SELECT '50%' LIKE '50\%', '50%' LIKE '50|%' ESCAPE '|', 'a_b' LIKE 'a\_b' ESCAPE '\', 'A' LIKE 'a', 'A' GLOB 'a'
;;
SELECT 'it''s', 'a "double" one', 'C:\path', '-- no comment', '/* nor this */', ';', '#', 'é€😀'
;;
/* what the month brought */ SELECT sum(total) -- all of it
FROM orders /* plain /* comment */ WHERE placed_on >= '2026-03-01';
;;
SELECT status FROM orders WHERE id = 1 UNION SELECT status FROM orders WHERE id = 2 UNION ALL SELECT 'open' ORDER BY 1
;;
SELECT customer_id FROM orders WHERE status = 'paid' INTERSECT SELECT customer_id FROM orders WHERE channel = 'web' EXCEPT SELECT 3 ORDER BY 1
;;
SELECT s.n FROM (SELECT count(*) AS n FROM orders GROUP BY status) s ORDER BY s.n LIMIT 2 OFFSET 1
;;
SELECT * FROM (VALUES (1, 'a'), (2, 'b'))
;;
SELECT orders.id, main.orders.total FROM main.orders WHERE main.orders.id <= 2 ORDER BY orders.id
;;
SELECT a.id, b.id FROM customers a JOIN customers b ON a.id = b.referrer WHERE a.id IS NOT b.id ORDER BY 1, 2
;;
SELECT id, name FROM customers NATURAL JOIN (SELECT id FROM customers WHERE id < 3) x ORDER BY id
;;
SELECT id, c.name, o.total FROM orders o FULL OUTER JOIN customers c USING (id) WHERE id <= 25 ORDER BY id
;;
SELECT "Select", "quo""te" FROM "Odd Names"
;;
SELECT Id, TOTAL FROM Orders ORDER BY ID LIMIT 3, 2
;;
SELECT max(1, 2), min(3, 1), coalesce(NULL, 'x'), ifnull(NULL, 'y'), nullif(1, 1), abs(-2), round(2.345, 2), ceil(1.2), floor(-1.2), 7 % 3, 7 / 2, 7 / 2.0, pow(2, 10), sqrt(16), sign(-3), ln(1), log10(100), pi(), 6 & 3, 6 | 1, 1 << 4, ~1 & 15, NOT 0, -(-1), 1 = 1, 1 == 1, 1 <> 2, 1 != 2
;;
SELECT CAST(total AS INTEGER), CAST(total AS TEXT), CAST('12' AS NUMERIC), CAST('1.5' AS REAL), CAST('7' AS NUMERIC), CAST(total AS INT) FROM orders ORDER BY id LIMIT 2
;;
SELECT id FROM orders WHERE (total > 450 OR channel ISNULL) AND NOT status = 'open' AND channel NOTNULL ORDER BY id
;;
SELECT q.country, q.n, round(100.0 * q.n / sum(q.n) OVER (), 1) AS share FROM (SELECT country, count(*) AS n FROM customers GROUP BY country) q ORDER BY 1
;;
SELECT id FROM orders WHERE (id, status) IN (SELECT 1, 'paid') OR (id, status) IN (VALUES (2, 'sent'), (3, 'x')) ORDER BY id
;;
SELECT total FROM orders ORDER BY total LIMIT 1 OFFSET (SELECT count(*) / 2 FROM orders)
;;
SELECT rowid, o.rowid, status FROM orders o WHERE rowid = 3
;;
SELECT customer_id, max(total), status FROM orders GROUP BY customer_id ORDER BY customer_id LIMIT 4
;;
SELECT o.id, c.name FROM orders o, customers c WHERE c.id = o.customer_id AND c.country = 'AT' ORDER BY o.id LIMIT 3
"""

QUERIES = [query.strip() for query in HONEST.split(";;\n")]
