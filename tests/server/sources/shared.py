"""Ways out that every kind of database knows. `{shop}` is where its tables are: `shop.` in a server, `main.` in a
file."""

STATEMENTS = r"""
SELECT 1; DROP TABLE {shop}victims
;;
SELECT 1; COMMIT; DELETE FROM {shop}victims
;;
; DELETE FROM {shop}victims; SELECT 1
;;
SELECT 1; SELECT 2
;;
SELECT ';'; UPDATE {shop}victims SET n = 9 -- '
;;
SELECT 1 /* ; */ ; /* ' */ DELETE FROM {shop}victims /* ' */
;;
SELECT 1; /* nothing */ ; COMMIT
;;
BEGIN; DELETE FROM {shop}victims; COMMIT
;;
SELECT 1)) AS x; DELETE FROM {shop}victims; SELECT ((1
;;
SELECT 1;;DELETE FROM {shop}victims
;;
SELECT $a$ $a$; UPDATE {shop}victims SET n = 9; SELECT $a$ $a$
;;
INSERT INTO {shop}victims VALUES (1)
;;
INSERT INTO {shop}victims SELECT id FROM {shop}orders
;;
UPDATE {shop}victims SET n = 1
;;
UPDATE {shop}victims SET n = 1 RETURNING n
;;
DELETE FROM {shop}victims
;;
DELETE FROM {shop}victims RETURNING n
;;
REPLACE INTO {shop}victims VALUES (2)
;;
MERGE INTO {shop}victims v USING {shop}orders o ON o.id = v.n WHEN MATCHED THEN DELETE
;;
WITH gone AS (DELETE FROM {shop}victims RETURNING n) SELECT * FROM gone
;;
WITH made AS (INSERT INTO {shop}victims VALUES (1) RETURNING n) SELECT n FROM made
;;
WITH a AS (SELECT 1), b AS (WITH c AS (UPDATE {shop}victims SET n = 2 RETURNING n) SELECT n FROM c) SELECT * FROM b
;;
WITH a AS (SELECT 1) INSERT INTO {shop}victims SELECT * FROM a
;;
SELECT * INTO {shop}copied FROM {shop}orders
;;
CREATE TABLE {shop}copied AS SELECT * FROM {shop}orders
;;
CREATE TABLE {shop}pwned (n int)
;;
CREATE TEMPORARY TABLE copied (n int)
;;
CREATE VIEW {shop}pwned AS SELECT 1
;;
CREATE INDEX pwned ON {shop}orders (total)
;;
CREATE TRIGGER pwned AFTER INSERT ON {shop}orders BEGIN DELETE FROM {shop}victims; END
;;
ALTER TABLE {shop}victims ADD COLUMN x int
;;
ALTER TABLE {shop}victims RENAME TO gone
;;
DROP TABLE {shop}victims
;;
DROP VIEW {shop}monthly
;;
DROP INDEX pwned
;;
TRUNCATE TABLE {shop}victims
;;
ANALYZE {shop}orders
;;
REINDEX {shop}orders
;;
VACUUM
;;
EXPLAIN SELECT 1
;;
EXPLAIN DELETE FROM {shop}victims
;;
BEGIN
;;
COMMIT
;;
ROLLBACK
;;
SAVEPOINT x
;;
RELEASE x
;;
SELECT * FROM {shop}orders FOR UPDATE
;;
SELECT * FROM {shop}nowhere
;;
SELECT x.id FROM {shop}orders o
;;
SELECT o.id FROM {shop}orders o WHERE z.id = 1
;;
SELECT "pwned"(1)
;;
SELECT pwned(1)
;;
SELECT {shop}pwned(1)
;;
SELECT o.pwned(1) FROM {shop}orders o
;;
SELECT (SELECT pwned(id)) FROM {shop}orders
;;
SELECT 1 ORDER BY pwned(1)
;;
SELECT sum(1) OVER (ORDER BY pwned(1)) FROM {shop}orders
;;
SELECT CASE WHEN pwned('a') = 'c' THEN 1 END
;;
WITH x AS (SELECT pwned('a')) SELECT 1 FROM x
;;
SELECT * FROM pwned('a')
;;
SELECT $1, :name, ?, @x
;;
SELECT a.b.c.d.e FROM {shop}orders
;;
SELECT * FROM elsewhere.{shop}orders
;;
SELECT * FROM {shop}orders TABLESAMPLE SYSTEM (10)
;;
SELECT version(), current_user, database()
;;
SET x = 1
;;
GRANT ALL ON {shop}victims TO PUBLIC
;;
CALL pwned()
;;
SHOW TABLES
;;
COPY {shop}orders TO '/tmp/x'
"""


def shared(shop: str) -> list[str]:
    return [query.strip().replace("{shop}", shop) for query in STATEMENTS.split(";;\n")]
