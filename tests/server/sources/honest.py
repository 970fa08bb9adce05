"""What analysts and models really ask. Unqualified names, every style of writing."""

HONEST = r"""
SELECT count(*) FROM orders
;;
SELECT count(*) AS n, sum(total) AS revenue, avg(total)::numeric(10,2), min(placed_on), max(placed_on) FROM shop.orders
;;
select status, count(*) from orders group by status order by 2 desc, 1
;;
SELECT date_trunc('month', placed_on)::date AS month, sum(total) AS revenue FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT to_char(placed_on, 'YYYY-MM') AS month, count(*) FROM orders GROUP BY to_char(placed_on, 'YYYY-MM') ORDER BY month
;;
SELECT c.name, sum(o.total) AS spent FROM orders o JOIN customers c ON c.id = o.customer_id
GROUP BY c.id, c.name HAVING sum(o.total) > 1000 ORDER BY spent DESC LIMIT 5
;;
SELECT c.country, o.status, count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > 300
GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST
;;
SELECT "c"."name" FROM "customers" AS "c" WHERE "c"."country" IN ('DE', 'FR') ORDER BY 1
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
SELECT id, row_number() OVER (ORDER BY total DESC, id), percent_rank() OVER (ORDER BY total), cume_dist() OVER (ORDER BY total)
FROM orders ORDER BY id LIMIT 10
;;
WITH spent AS (SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id)
SELECT c.name, spent.total FROM spent JOIN customers c ON c.id = spent.customer_id ORDER BY spent.total DESC, c.name LIMIT 3
;;
WITH orders AS (SELECT * FROM orders WHERE status = 'paid') SELECT count(*), sum(orders.total) FROM orders
;;
WITH m AS (SELECT o.total, o.status FROM orders o), n AS (SELECT o.status, avg(o.total) AS mean FROM m o GROUP BY o.status)
SELECT o.status, round(o.mean, 2) FROM n o ORDER BY o.status
;;
WITH RECURSIVE chain(id, depth) AS (
  SELECT id, 0 FROM customers WHERE referrer IS NULL
  UNION ALL SELECT c.id, chain.depth + 1 FROM customers c JOIN chain ON c.referrer = chain.id)
SELECT depth, count(*) FROM chain GROUP BY depth ORDER BY depth
;;
WITH x AS MATERIALIZED (SELECT id FROM orders), y(a) AS NOT MATERIALIZED (SELECT id FROM customers)
SELECT (SELECT count(*) FROM x) AS xs, (SELECT max(y.a) FROM y) AS ys
;;
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > 480) ORDER BY name
;;
SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE status = 'returned') ORDER BY name
;;
SELECT c.name, (SELECT max(o.total) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c ORDER BY c.id
;;
SELECT c.name, last.id, last.total FROM customers c
LEFT JOIN LATERAL (SELECT o.id, o.total FROM orders o WHERE o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT 2) last ON true
ORDER BY c.id, last.id
;;
SELECT DISTINCT ON (customer_id) customer_id, id, total FROM orders ORDER BY customer_id, total DESC, id
;;
SELECT DISTINCT country FROM customers ORDER BY country
;;
SELECT status, channel, sum(total) FROM orders GROUP BY GROUPING SETS ((status, channel), (status), ()) ORDER BY 1 NULLS LAST, 2, 3
;;
SELECT status, channel, grouping(status, channel), count(*) FROM orders GROUP BY ROLLUP (status, channel) ORDER BY 1, 2, 3, 4
;;
SELECT status, channel, count(*) FROM orders GROUP BY CUBE (status, channel) ORDER BY 1, 2, 3
;;
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE channel IS NULL) AS unknown FROM orders
;;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS median, percentile_disc(0.9) WITHIN GROUP (ORDER BY total),
  mode() WITHIN GROUP (ORDER BY channel) FROM orders
;;
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY total) FROM orders
;;
SELECT stddev(total), var_pop(total), corr(total, id), regr_slope(total, id) FROM orders
;;
SELECT country, string_agg(name, ', ' ORDER BY name) FROM customers GROUP BY country ORDER BY country
;;
SELECT country, string_agg(DISTINCT left(name, 8), E'\n') FROM customers GROUP BY country ORDER BY country
;;
SELECT array_agg(id ORDER BY total DESC, id) FROM orders WHERE total > 470
;;
SELECT details->>'gift' AS gift, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT item->>'sku' AS sku, sum((item->>'count')::int) FROM orders, jsonb_array_elements(details->'items') AS item
GROUP BY 1 ORDER BY 2 DESC, 1
;;
SELECT o.id, i.value->>'sku', i.ordinality FROM orders o
CROSS JOIN LATERAL jsonb_array_elements(o.details->'items') WITH ORDINALITY AS i(value, ordinality) ORDER BY 1, 3 LIMIT 10
;;
SELECT id FROM orders WHERE details @> '{"gift": true}' AND details #>> '{items,0,sku}' = 'a2' ORDER BY id
;;
SELECT id FROM orders WHERE details ? 'gift' AND jsonb_array_length(details->'items') = 2 ORDER BY id LIMIT 5
;;
SELECT e.key, count(*) FROM orders o, jsonb_each(o.details) e GROUP BY e.key ORDER BY e.key
;;
SELECT x.sku, sum(x.count) FROM orders o, jsonb_to_recordset(o.details->'items') AS x(sku text, count int) GROUP BY 1 ORDER BY 1
;;
SELECT json_build_object('id', id, 'total', total) FROM orders ORDER BY id LIMIT 3
;;
SELECT jsonb_agg(jsonb_build_object('c', country) ORDER BY id) FROM customers WHERE id < 4
;;
SELECT row_to_json(c) FROM customers c ORDER BY id LIMIT 2
;;
SELECT jsonb_path_query_first(details, '$.items[*] ? (@.count > 1)') FROM orders ORDER BY id LIMIT 6
;;
SELECT tag, count(*) FROM orders, unnest(tags) AS tag GROUP BY tag ORDER BY tag
;;
SELECT id FROM orders WHERE 't1' = ANY (tags) AND tags && ARRAY['t2', 't4'] AND cardinality(tags) = 2 ORDER BY id LIMIT 9
;;
SELECT tags[1], tags[1:1], array_length(tags, 1), array_to_string(tags, '+') FROM orders ORDER BY id LIMIT 4
;;
SELECT u.tag, u.at FROM orders o CROSS JOIN LATERAL unnest(o.tags) WITH ORDINALITY AS u(tag, at) ORDER BY o.id, u.at LIMIT 5
;;
SELECT ARRAY(SELECT id FROM customers ORDER BY id LIMIT 3)
;;
SELECT d::date AS day, coalesce(sum(o.total), 0) FROM generate_series(date '2026-01-01', '2026-01-10', interval '1 day') d
LEFT JOIN orders o ON o.placed_on = d::date GROUP BY 1 ORDER BY 1
;;
SELECT n, n * n AS square FROM generate_series(1, 5) AS n
;;
SELECT extract(year from placed_on) AS y, extract(dow from placed_on) AS d, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2
;;
SELECT date_part('week', placed_on), sum(total) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT placed_at AT TIME ZONE 'Europe/Berlin', placed_at - interval '3 hours', age(placed_on, date '2025-12-24') FROM orders ORDER BY id LIMIT 3
;;
SELECT count(*) FROM orders WHERE placed_on >= date '2026-06-01' - interval '1 month' AND placed_on < '2026-06-01'
;;
SELECT count(*) FROM orders WHERE placed_on BETWEEN '2026-02-01' AND '2026-02-28' AND placed_on < current_date AND now() > placed_at - interval '90' day
;;
SELECT make_date(2026, 1, 31) + 1, date '2026-03-01' - date '2026-02-01', justify_days(interval '40 days'), make_interval(days => 3)
;;
SELECT CASE WHEN total < 100 THEN 'small' WHEN total < 300 THEN 'middle' ELSE 'large' END AS size, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT CASE status WHEN 'open' THEN 1 ELSE 0 END AS is_open, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT 100.0 * count(*) FILTER (WHERE status = 'returned') / nullif(count(*), 0) AS percent FROM orders
;;
SELECT width_bucket(total, 0, 600, 6) AS bucket, count(*) FROM orders GROUP BY 1 ORDER BY 1
;;
SELECT upper(name), initcap(lower(name)), length(name), lpad(id::text, 5, '0'), split_part(email, '@', 2), trim(both ' ' from name),
  substring(name from 1 for 4), position('o' in name), replace(name, 'Customer', 'C'), concat_ws('-', country, id), name || '!', reverse(name)
FROM customers ORDER BY id LIMIT 4
;;
SELECT name FROM customers WHERE name ILIKE '%er 1%' AND name NOT LIKE '%5' AND email ~ '^c[0-9]+@' AND name !~* 'zz' ORDER BY id
;;
SELECT regexp_replace(email, '@.*$', ''), substring(email from 'c([0-9]+)'), regexp_match(name, '(\d+)') FROM customers ORDER BY id LIMIT 3
;;
SELECT 'it''s', $$a 'dollar' text$$, $tag$ another $$ $tag$, 'C:\path', '-- no comment', '/* nor this */', ';'
;;
/* what the month brought */ SELECT sum(total) -- all of it
FROM orders /* nested /* comment */ */ WHERE placed_on >= '2026-03-01';
;;
SELECT status FROM orders WHERE id = 1 UNION SELECT status FROM orders WHERE id = 2 UNION ALL SELECT 'open' ORDER BY 1
;;
SELECT customer_id FROM orders WHERE status = 'paid' INTERSECT SELECT customer_id FROM orders WHERE channel = 'web' EXCEPT SELECT 3 ORDER BY 1
;;
SELECT s.count, s."?column?" FROM (SELECT count(*), 1 + 1 FROM orders) s
;;
SELECT v.name, v.n FROM (VALUES ('a', 1), ('b', 2)) AS v(name, n) WHERE (v.n, v.name) IN ((1, 'a'), (2, 'x'))
;;
SELECT orders.id, shop.orders.total FROM shop.orders WHERE shop.orders.id <= 2 ORDER BY orders.id
;;
SELECT a.id, b.id FROM customers a JOIN customers b ON a.id = b.referrer WHERE a.id IS DISTINCT FROM b.id ORDER BY 1, 2
;;
SELECT id, name FROM customers NATURAL JOIN (SELECT id FROM customers WHERE id < 3) x ORDER BY id
;;
SELECT id, c.name, o.total FROM orders o FULL OUTER JOIN customers c USING (id) WHERE id <= 25 ORDER BY id
;;
SELECT o.id FROM (orders o JOIN customers c ON c.id = o.customer_id) WHERE c.country = 'AT' ORDER BY o.id LIMIT 3
;;
SELECT "Select", "quo""te" FROM "Odd Names"
;;
SELECT Id, TOTAL FROM Orders ORDER BY ID OFFSET 3 FETCH FIRST 2 ROWS ONLY
;;
SELECT greatest(1, 2, NULL), least(3, 1), coalesce(NULL, 'x'), nullif(1, 1), abs(-2), round(2.345, 2), ceil(1.2), floor(-1.2), 7 % 3, mod(7, 3),
  power(2, 10), sqrt(16), sign(-3), trunc(2.789, 1), div(7, 2), 7 / 2, ln(1), 2 ^ 3, pi()
;;
SELECT total::int, total::float8, total::text, status::text, placed_on::timestamp, '12'::bigint, CAST('2026-01-01' AS date), 'true'::bool FROM orders ORDER BY id LIMIT 2
;;
SELECT bool_or(details->>'gift' = 'true'), bool_and(total > 0), every(id > 0) FROM orders
;;
SELECT id FROM orders WHERE (total > 450 OR channel IS NULL) AND NOT status = 'open' AND channel IS NOT NULL IS TRUE ORDER BY id
;;
SELECT to_tsvector('english', name) @@ plainto_tsquery('english', 'customer') AS found, count(*) FROM customers GROUP BY 1
;;
SELECT (date '2026-01-01', date '2026-02-01') OVERLAPS (date '2026-01-15', date '2026-03-01')
;;
SELECT q.country, q.n, round(100.0 * q.n / sum(q.n) OVER (), 1) AS share FROM (SELECT country, count(*) AS n FROM customers GROUP BY country) q ORDER BY 1
;;
SELECT c.country, o.month, o.revenue FROM (SELECT customer_id, date_trunc('quarter', placed_at) AS month, sum(total) AS revenue FROM orders GROUP BY 1, 2) o
JOIN customers c ON o.customer_id = c.id WHERE o.revenue > ALL (SELECT 100 UNION SELECT 200) ORDER BY 3 DESC, 1, 2 LIMIT 7
"""

QUERIES = [query.strip() for query in HONEST.split(";;\n")]
