"""What analysts and models really ask of MariaDB and MySQL."""

HONEST = r"""
SELECT count(*) FROM orders
;;
SELECT count(*) AS n, sum(total) AS revenue, CAST(avg(total) AS DECIMAL(10,2)), min(placed_on), max(placed_on) FROM shop.orders
;;
select status, count(*) from orders group by status order by 2 desc, 1
;;
SELECT DATE_FORMAT(placed_on, '%Y-%m') AS month, SUM(total) AS revenue FROM orders GROUP BY month ORDER BY month
;;
SELECT DATE_FORMAT(placed_on, '%M %Y') AS month, COUNT(*) AS n FROM `orders` GROUP BY DATE_FORMAT(placed_on, '%M %Y') ORDER BY n DESC, month
;;
SELECT YEAR(placed_on) AS y, QUARTER(placed_on) AS q, COUNT(*) FROM orders GROUP BY y, q ORDER BY y, q
;;
SELECT c.name, SUM(o.total) AS spent FROM orders o JOIN customers c ON c.id = o.customer_id
GROUP BY c.id, c.name HAVING spent > 1000 ORDER BY spent DESC LIMIT 5
;;
SELECT c.country, o.status, COUNT(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > 300
GROUP BY c.country, o.status ORDER BY 1, 2
;;
SELECT `c`.`name` FROM `customers` AS `c` WHERE `c`.`country` IN ("DE", "FR") ORDER BY 1
;;
SELECT * FROM monthly ORDER BY month
;;
SELECT id, total, RANK() OVER (PARTITION BY status ORDER BY total DESC) AS place FROM orders ORDER BY id LIMIT 20
;;
SELECT placed_on, SUM(SUM(total)) OVER (ORDER BY placed_on ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week
FROM orders GROUP BY placed_on ORDER BY placed_on
;;
SELECT id, LAG(total) OVER w, LEAD(total, 2) OVER w, FIRST_VALUE(id) OVER w, NTILE(4) OVER w
FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY placed_on, id) ORDER BY id LIMIT 30
;;
SELECT id, ROW_NUMBER() OVER (ORDER BY total DESC, id), PERCENT_RANK() OVER (ORDER BY total), CUME_DIST() OVER (ORDER BY total)
FROM orders ORDER BY id LIMIT 10
;;
WITH spent AS (SELECT customer_id, SUM(total) AS total FROM orders GROUP BY customer_id)
SELECT c.name, spent.total FROM spent JOIN customers c ON c.id = spent.customer_id ORDER BY spent.total DESC, c.name LIMIT 3
;;
WITH paid AS (SELECT * FROM orders WHERE status = 'paid'), few AS (SELECT p.total FROM paid p WHERE p.total > 400) SELECT COUNT(*), SUM(few.total) FROM few
;;
WITH RECURSIVE chain(id, depth) AS (
  SELECT id, 0 FROM customers WHERE referrer IS NULL
  UNION ALL SELECT c.id, chain.depth + 1 FROM customers c JOIN chain ON c.referrer = chain.id)
SELECT depth, COUNT(*) FROM chain GROUP BY depth ORDER BY depth
;;
WITH RECURSIVE days AS (SELECT DATE('2026-01-01') AS d UNION ALL SELECT d + INTERVAL 1 DAY FROM days WHERE d < '2026-01-10')
SELECT days.d, COALESCE(SUM(o.total), 0) FROM days LEFT JOIN orders o ON o.placed_on = days.d GROUP BY days.d ORDER BY days.d
;;
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > 480) ORDER BY name
;;
SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE status = 'returned') ORDER BY name
;;
SELECT c.name, (SELECT MAX(o.total) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c ORDER BY c.id
;;
SELECT DISTINCT country FROM customers ORDER BY country
;;
SELECT status, channel, COUNT(*) FROM orders GROUP BY status, channel WITH ROLLUP
;;
SELECT SUM(status = 'paid') AS paid, SUM(IF(channel IS NULL, 1, 0)) AS no_channel, COUNT(DISTINCT customer_id) FROM orders
;;
SELECT STDDEV(total), VAR_POP(total), BIT_OR(id) FROM orders
;;
SELECT country, GROUP_CONCAT(name ORDER BY name SEPARATOR ', ') FROM customers GROUP BY country ORDER BY country
;;
SELECT country, GROUP_CONCAT(DISTINCT LEFT(name, 8)) FROM customers GROUP BY country ORDER BY country
;;
SELECT JSON_EXTRACT(details, '$.gift') AS gift, COUNT(*) FROM orders GROUP BY gift ORDER BY gift
;;
SELECT JSON_UNQUOTE(JSON_EXTRACT(details, '$.items[0].sku')) AS sku, SUM(JSON_EXTRACT(details, '$.items[0].count')) FROM orders GROUP BY sku ORDER BY sku
;;
SELECT JSON_VALUE(details, '$.items[1].sku') AS sku, COUNT(*) FROM orders GROUP BY sku ORDER BY sku
;;
SELECT jt.sku, SUM(jt.n) AS n FROM orders o, JSON_TABLE(o.details, '$.items[*]' COLUMNS (sku VARCHAR(10) PATH '$.sku', n INT PATH '$.count')) AS jt
GROUP BY jt.sku ORDER BY n DESC, jt.sku
;;
SELECT id FROM orders WHERE JSON_CONTAINS(details, 'true', '$.gift') AND JSON_LENGTH(details, '$.items') = 2 ORDER BY id LIMIT 5
;;
SELECT JSON_ARRAYAGG(country), JSON_OBJECT('a', 1, 'b', 'x'), JSON_ARRAY(1, 'a', NULL), JSON_KEYS('{"x": 1}') FROM customers WHERE id < 4
;;
SELECT DATEDIFF('2026-03-01', '2026-02-01'), TIMESTAMPDIFF(MONTH, '2025-01-15', '2026-03-01'), LAST_DAY('2026-02-10'), DAYNAME('2026-02-28'), WEEK('2026-02-28'), MONTHNAME('2026-02-28'), DAYOFWEEK('2026-02-28')
;;
SELECT DATE_ADD('2026-01-31', INTERVAL 1 MONTH), DATE_SUB('2026-01-31', INTERVAL 2 WEEK), '2026-01-01' + INTERVAL 36 HOUR, ADDDATE('2026-01-01', INTERVAL 1 DAY), MAKEDATE(2026, 60)
;;
SELECT STR_TO_DATE('28.02.2026', '%d.%m.%Y'), UNIX_TIMESTAMP('2026-02-28 10:00:00') - UNIX_TIMESTAMP('2026-02-28 09:00:00'), TIME_FORMAT('10:05:00', '%H:%i'), SEC_TO_TIME(3661), TIME_TO_SEC('01:01:01'), EXTRACT(YEAR FROM '2026-02-28'), HOUR('10:05:00')
;;
SELECT COUNT(*) FROM orders WHERE placed_on >= DATE '2026-06-01' - INTERVAL 1 MONTH AND placed_on < '2026-06-01'
;;
SELECT COUNT(*) FROM orders WHERE placed_on BETWEEN '2026-02-01' AND '2026-02-28' AND placed_on < CURDATE() + INTERVAL 100 YEAR AND NOW() > placed_at - INTERVAL 9000 DAY
;;
SELECT DATE(placed_at) AS day, COUNT(*) FROM orders GROUP BY DATE(placed_at) ORDER BY day LIMIT 5
;;
SELECT CASE WHEN total < 100 THEN 'small' WHEN total < 300 THEN 'middle' ELSE 'large' END AS size, COUNT(*) FROM orders GROUP BY size ORDER BY size
;;
SELECT CASE status WHEN 'open' THEN 1 ELSE 0 END AS is_open, COUNT(*) FROM orders GROUP BY is_open ORDER BY is_open
;;
SELECT ROUND(100.0 * SUM(status = 'returned') / NULLIF(COUNT(*), 0), 1) AS percent FROM orders
;;
SELECT UPPER(name), LOWER(name), CHAR_LENGTH(name), LPAD(id, 5, '0'), SUBSTRING_INDEX(email, '@', -1), TRIM(name), SUBSTRING(name, 1, 4), LOCATE('o', name), INSTR(name, 'r'),
  REPLACE(name, 'Customer', 'C'), CONCAT_WS('-', country, id), CONCAT(name, '!'), REVERSE(name), LEFT(name, 3), RIGHT(name, 2) FROM customers ORDER BY id LIMIT 4
;;
SELECT name FROM customers WHERE name LIKE '%er 1%' AND name NOT LIKE '%5' AND email REGEXP '^c[0-9]+@' AND NOT email RLIKE 'zz' ORDER BY id
;;
SELECT '50%' LIKE '50\%', '50x' LIKE '50\%', '50%' LIKE '50|%' ESCAPE '|', 'a_b' LIKE 'a\_b', 'axb' LIKE 'a\_b'
;;
SELECT REGEXP_REPLACE(email, '@.*$', ''), REGEXP_SUBSTR(name, '[0-9]+') FROM customers ORDER BY id LIMIT 3
;;
SELECT 'it''s', 'it\'s', "a \"double\" one", 'C:\\path', 'tab\there', '-- no comment', '/* nor this */', ';', '#', 'é€😀'
;;
/* what the month brought */ SELECT SUM(total) -- all of it
FROM orders # the table
WHERE placed_on >= '2026-03-01';
;;
SELECT status FROM orders WHERE id = 1 UNION SELECT status FROM orders WHERE id = 2 UNION ALL SELECT 'open' ORDER BY 1
;;
SELECT customer_id FROM orders WHERE status = 'paid' INTERSECT SELECT customer_id FROM orders WHERE channel = 'web' EXCEPT SELECT 3 ORDER BY 1
;;
SELECT s.n FROM (SELECT COUNT(*) AS n FROM orders GROUP BY status) s ORDER BY s.n LIMIT 2 OFFSET 1
;;
SELECT orders.id, shop.orders.total FROM shop.orders WHERE shop.orders.id <= 2 ORDER BY orders.id
;;
SELECT a.id, b.id FROM customers a JOIN customers b ON a.id = b.referrer WHERE NOT a.id <=> b.id ORDER BY 1, 2
;;
SELECT id, name FROM customers NATURAL JOIN (SELECT id FROM customers WHERE id < 3) x ORDER BY id
;;
SELECT id, c.name, o.total FROM orders o RIGHT JOIN customers c USING (id) WHERE id <= 25 ORDER BY id
;;
SELECT `Select`, `quo``te` FROM `Odd Names`
;;
SELECT Id, TOTAL FROM orders ORDER BY ID LIMIT 3, 2
;;
SELECT GREATEST(1, 2), LEAST(3, 1), COALESCE(NULL, 'x'), IFNULL(NULL, 'y'), NULLIF(1, 1), ABS(-2), ROUND(2.345, 2), CEIL(1.2), FLOOR(-1.2), 7 % 3, MOD(7, 3), 7 DIV 2, 7 / 2,
  POW(2, 10), SQRT(16), SIGN(-3), TRUNCATE(2.789, 1), LN(1), LOG10(100), PI(), 5--1, 6 & 3, 6 | 1, 6 ^ 2, 1 << 4, ~1 & 15, 1 XOR 1, !0
;;
SELECT CAST(total AS SIGNED), CAST(total AS CHAR), CAST('2026-01-01' AS DATE), CAST('12' AS UNSIGNED), CAST('1.5' AS DECIMAL(5,2)), CONVERT(total, CHAR), CAST(placed_on AS DATETIME), CONVERT('x' USING utf8mb4) FROM orders ORDER BY id LIMIT 2
;;
SELECT id FROM orders WHERE (total > 450 OR channel IS NULL) AND NOT status = 'open' AND channel IS NOT NULL IS TRUE ORDER BY id
;;
SELECT q.country, q.n, ROUND(100.0 * q.n / SUM(q.n) OVER (), 1) AS share FROM (SELECT country, COUNT(*) AS n FROM customers GROUP BY country) q ORDER BY 1
;;
SELECT id FROM orders WHERE total > ALL (SELECT 100 UNION SELECT 480) AND status = ANY (SELECT 'paid') OR (id, status) IN ((1, 'paid'), (2, 'x')) ORDER BY id
;;
SELECT DISTINCT customer_id, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY total) OVER (PARTITION BY customer_id) AS median FROM orders ORDER BY customer_id LIMIT 5
;;
SELECT DISTINCT status, MEDIAN(total) OVER (PARTITION BY status) AS median FROM orders ORDER BY status
;;
SELECT FIND_IN_SET('b', 'a,b'), FIELD('x', 'a', 'x'), ELT(2, 'a', 'b'), FORMAT(12345.678, 2), HEX('a'), MD5('a'), REPEAT('ab', 3), SPACE(2), ASCII('a'), CONV('ff', 16, 10), SHA2('a', 256)
;;
SELECT COUNT(*) FROM orders WHERE status = "paid" AND channel = "web" OR channel = 'shop' COLLATE utf8mb4_bin
;;
SELECT o.id, c.name FROM (orders o JOIN customers c ON c.id = o.customer_id) WHERE c.country = 'AT' ORDER BY o.id LIMIT 3
;;
SELECT MAX(total) - MIN(total) AS spread, ROUND(AVG(total), 2) mean FROM Orders WHERE MONTH(placed_on) = 3
"""

QUERIES = [query.strip() for query in HONEST.split(";;\n")]
