"""The shop in a SQLite file, with what a careless owner leaves lying about."""

SHOP = r"""
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, email TEXT, joined TEXT NOT NULL, referrer INTEGER);
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 24)
INSERT INTO customers SELECT n, 'Customer ' || n, substr('DEFRPLAT', 1 + 2 * (n % 4), 2), 'c' || n || '@example.com',
  date('2025-01-01', '+' || (n * 11) || ' days'), CASE WHEN n > 3 THEN n / 3 END FROM s;
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, placed_on TEXT NOT NULL, placed_at TEXT NOT NULL,
  total NUMERIC(10,2) NOT NULL, status TEXT NOT NULL, channel TEXT, details TEXT NOT NULL);
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 360)
INSERT INTO orders SELECT n, 1 + n * 7 % 24, date('2026-01-01', '+' || (n % 180) || ' days'),
  datetime('2026-01-01 08:00:00', '+' || (n * 11) || ' hours'), round((n * 37 % 500) + n / 10.0, 2),
  CASE n % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' WHEN 2 THEN 'sent' ELSE 'returned' END,
  CASE n % 3 WHEN 0 THEN 'web' WHEN 1 THEN 'shop' END,
  json_object('gift', json(iif(n % 2 = 0, 'true', 'false')), 'items', json_array(
    json_object('sku', 'a' || n % 6, 'count', 1 + n % 3), json_object('sku', 'b' || n % 4, 'count', 1))) FROM s;
CREATE INDEX orders_placed_on ON orders (placed_on);
CREATE VIEW monthly AS SELECT strftime('%Y-%m-01', placed_on) AS month, count(*) AS orders, sum(total) AS revenue FROM orders GROUP BY 1;
CREATE TABLE "Odd Names" ("Select" INTEGER, "quo""te" TEXT);
INSERT INTO "Odd Names" VALUES (1, 'x');
CREATE TABLE kinds (n INTEGER PRIMARY KEY, whole BIGINT, part DECIMAL(40,10), real8 REAL, flag BOOLEAN, day DATE, raw BLOB, doc JSON, any_of);
INSERT INTO kinds VALUES (1, 9007199254740993, 12.5, 0.1, TRUE, '2026-02-28', x'dead', '{"a": [1, {"b": null}]}', 'text');
INSERT INTO kinds VALUES (2, -1, '12345678901234567890.5', 9e999, FALSE, 'not a day', x'', '9007199254740993', 7);
INSERT INTO kinds VALUES (3, 9223372036854775807, 1, -9e999, NULL, NULL, NULL, NULL, CAST(x'ff41fe' AS TEXT));
INSERT INTO kinds VALUES (4, 'many', NULL, NULL, 2, 2460000.5, 'text in it', NULL, 1.5);
CREATE TABLE victims (n INTEGER);
INSERT INTO victims VALUES (0);
CREATE TABLE hashes (user_name TEXT, password TEXT, token TEXT, kind TEXT);
INSERT INTO hashes VALUES ('anna', 'hunter2', 'abc', 'admin');
CREATE VIEW careless AS SELECT load_extension('/tmp/x.so') AS x;
CREATE VIEW telling AS SELECT name, sql FROM sqlite_master;
CREATE VIRTUAL TABLE notes USING fts5 (body);
INSERT INTO notes VALUES ('bananas');
CREATE TABLE gone (n INTEGER);
CREATE VIEW broken AS SELECT n FROM gone;
DROP TABLE gone;
ANALYZE;
"""
