"""Ways out of a read-only query of a SQLite file, by trick; those that every kind of database knows stand in
`server.sources.shared`."""

OWN = r"""
ATTACH DATABASE '{folder}/rival.db' AS rival
;;
ATTACH '{folder}/pwned.db' AS x
;;
ATTACH '' AS x
;;
ATTACH ':memory:' AS x
;;
DETACH main
;;
SELECT * FROM rival.secrets
;;
VACUUM INTO '{folder}/pwned.db'
;;
VACUUM main INTO '{folder}/pwned.db'
;;
PRAGMA query_only = OFF
;;
PRAGMA writable_schema = ON
;;
PRAGMA trusted_schema = ON
;;
PRAGMA journal_mode = DELETE
;;
PRAGMA user_version = 7
;;
PRAGMA table_info(orders)
;;
PRAGMA database_list
;;
PRAGMA temp_store_directory = '{folder}'
;;
PRAGMA hard_heap_limit = 0
;;
PRAGMA integrity_check
;;
PRAGMA wal_checkpoint(TRUNCATE)
;;
PRAGMA optimize
;;
SELECT * FROM pragma_table_info('hashes')
;;
SELECT * FROM pragma_database_list
;;
SELECT * FROM pragma_database_list()
;;
SELECT file FROM pragma_database_list AS x
;;
SELECT * FROM pragma_user_version
;;
SELECT name FROM pragma_function_list
;;
SELECT * FROM "pragma_table_list"
;;
SELECT * FROM main.pragma_table_list
;;
SELECT o.id, p.name FROM orders o, pragma_table_info('orders') p
;;
SELECT * FROM sqlite_master
;;
SELECT * FROM sqlite_schema
;;
SELECT sql FROM main.sqlite_master
;;
SELECT * FROM sqlite_temp_master
;;
SELECT * FROM sqlite_temp_schema
;;
SELECT * FROM [sqlite_master]
;;
SELECT * FROM `sqlite_master`
;;
SELECT * FROM SQLITE_MASTER
;;
SELECT * FROM sqlite_stat1
;;
SELECT * FROM sqlite_sequence
;;
SELECT * FROM sqlite_dbpage
;;
SELECT * FROM dbstat
;;
SELECT * FROM temp.x
;;
WITH sqlite_master AS (SELECT 1) SELECT * FROM sqlite_master
;;
WITH a AS (SELECT * FROM sqlite_master), sqlite_master AS (SELECT 1) SELECT * FROM a
;;
SELECT load_extension('/tmp/x.so')
;;
SELECT load_extension('/tmp/x.so', 'main')
;;
SELECT "load_extension"('/tmp/x.so')
;;
SELECT [load_extension]('/tmp/x.so')
;;
SELECT load_extension/**/('/tmp/x.so')
;;
SELECT fts3_tokenizer('simple')
;;
SELECT fts3_tokenizer('simple', x'4141414141414141')
;;
SELECT fts5(NULL)
;;
SELECT * FROM notes
;;
SELECT * FROM notes('bananas')
;;
SELECT * FROM notes WHERE notes MATCH 'bananas'
;;
SELECT highlight(notes, 0, 'a', 'b') FROM notes
;;
SELECT * FROM notes_content
;;
SELECT * FROM notes_config
;;
SELECT readfile('/etc/passwd')
;;
SELECT writefile('{folder}/pwned', 'x')
;;
SELECT edit('x')
;;
SELECT * FROM fsdir('/')
;;
SELECT * FROM csv('/etc/passwd')
;;
SELECT * FROM zipfile('{folder}/shop.db')
;;
SELECT * FROM generate_series(1, 1000000000)
;;
SELECT * FROM carray('x')
;;
SELECT zeroblob(1000000000)
;;
SELECT length(zeroblob(2000000000))
;;
SELECT hex(zeroblob(500000000))
;;
SELECT randomblob(1000000000)
;;
SELECT hex(randomblob(100000000))
;;
SELECT x'62616e616e6173'
;;
SELECT CAST(x'41' AS TEXT)
;;
SELECT sqlite_version(), sqlite_source_id()
;;
SELECT sqlite_compileoption_get(1), sqlite_compileoption_used('x')
;;
SELECT sqlite_offset(id) FROM orders
;;
SELECT sqlite_log(1, 'x')
;;
SELECT changes(), total_changes(), last_insert_rowid()
;;
SELECT subtype('x'), sqlite_filename('main')
;;
SELECT randomstring(10), eval('DELETE FROM victims')
;;
SELECT name REGEXP '(a+)+$' FROM customers
;;
SELECT name MATCH 'x' FROM customers
;;
SELECT regexp('(a+)+$', name) FROM customers
;;
SELECT raise(ABORT, 'x')
;;
SELECT * FROM orders INDEXED BY orders_placed_on
;;
SELECT * FROM orders NOT INDEXED
;;
SELECT ?1, ?2
;;
SELECT :a, @b, $c
;;
SELECT $a::b(c)
;;
INSERT OR REPLACE INTO victims VALUES (9)
;;
INSERT INTO victims DEFAULT VALUES
;;
INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x(a)')
;;
UPDATE OR IGNORE victims SET n = 9
;;
UPDATE sqlite_master SET sql = 'x'
;;
INSERT INTO victims VALUES (1) ON CONFLICT DO UPDATE SET n = 2
;;
CREATE TEMP TABLE copied AS SELECT * FROM hashes
;;
CREATE TEMP VIEW orders AS SELECT * FROM hashes
;;
CREATE TEMP TRIGGER t AFTER UPDATE ON orders BEGIN DELETE FROM victims; END
;;
CREATE VIRTUAL TABLE temp.x USING fts5(a)
;;
CREATE VIRTUAL TABLE x USING dbstat
;;
DROP TABLE IF EXISTS victims
;;
BEGIN IMMEDIATE
;;
BEGIN EXCLUSIVE; SELECT 1
;;
END
;;
EXPLAIN QUERY PLAN SELECT * FROM hashes
;;
SELECT * FROM careless_nowhere
;;
.open {folder}/rival.db
;;
.shell id
;;
.read /etc/passwd
;;
SELECT * FROM "file:{folder}/rival.db?mode=rw".secrets
;;
SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_master)
;;
SELECT (SELECT sql FROM sqlite_master LIMIT 1)
;;
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM sqlite_master)
;;
SELECT 1 UNION SELECT sql FROM sqlite_master
;;
VALUES (load_extension('x'))
;;
SELECT 1 LIMIT (SELECT count(*) FROM sqlite_master)
;;
SELECT sum(1) FILTER (WHERE load_extension('x')) FROM orders
;;
SELECT o.* FROM orders o JOIN sqlite_master USING (rowid)
;;
SELECT json_extract(readfile('x'), '$')
"""

ALL: list[str] = [query.strip() for query in OWN.split(";;\n")]

BOMBS = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n ORDER BY 1",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT i FROM n ORDER BY i DESC",
    "WITH RECURSIVE n(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM n) SELECT length(s) FROM n ORDER BY 1 DESC",
    "WITH RECURSIVE n(s) AS (SELECT printf('%900000d', 1) UNION ALL SELECT s || 'x' FROM n) SELECT s FROM n ORDER BY s",
    "SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e",
    "SELECT group_concat(a.details) FROM orders a, orders b, orders c",
    "SELECT json_group_array(a.details) FROM orders a, orders b, orders c",
    "SELECT printf('%1000000000d', 1), length(printf('%.*c', 1000000000, 'x')) FROM orders",
    "SELECT length(" + "replace(" * 12 + "'2'" + ", '2', '2222222222')" * 12 + ")",
    "SELECT " + ", ".join(["printf('%7000000d', 1)"] * 300),
    "SELECT sum(a.total) OVER (ORDER BY a.total, b.total) FROM orders a, orders b ORDER BY 1 DESC",
    "SELECT DISTINCT a.id * b.id * c.id FROM orders a, orders b, orders c ORDER BY 1",
    "SELECT printf('%7000000d', 1) LIKE printf('%%%900d%%', 1) FROM orders a, orders b",
]
"""Queries that pass, as every part of them is of use, and would take all the time or memory that there is."""
