"""Ways out of a read-only query, by trick. All are refused by the guard; `test_attacks.py` also runs them without it."""

STACKED = r"""
SELECT 1; DROP TABLE shop.victims
;;
SELECT 1; COMMIT; DELETE FROM shop.victims
;;
; DELETE FROM shop.victims; SELECT 1
;;
SELECT 1; SELECT 2
;;
SELECT ';'; UPDATE shop.victims SET n = 9 --'
;;
SELECT $a$ $a$; UPDATE shop.victims SET n = 9; SELECT $a$ $a$
;;
SELECT $$; $$ AS x; COMMIT; CREATE TABLE shop.pwned (n int); SELECT $$ ; $$
;;
SELECT $q$ ' $q$; DELETE FROM shop.victims; -- '
;;
SELECT 1 /* ; */ ; /* ' */ DELETE FROM shop.victims /* ' */
;;
SELECT '\'; DELETE FROM shop.victims; --'
;;
SELECT 1; /* nothing */ ; COMMIT
;;
BEGIN; DELETE FROM shop.victims; COMMIT
;;
SELECT U&'\0027'; DELETE FROM shop.victims
;;
SELECT 1)) AS x; DELETE FROM shop.victims; SELECT ((1
;;
SELECT 1) AS q(a) UNION SELECT body FROM rival.secrets --
"""

WRITING = r"""
INSERT INTO shop.victims VALUES (1)
;;
UPDATE shop.victims SET n = 1
;;
DELETE FROM shop.victims
;;
TRUNCATE shop.victims
;;
MERGE INTO shop.victims v USING shop.orders o ON o.id = v.n WHEN MATCHED THEN DELETE
;;
WITH gone AS (DELETE FROM shop.victims RETURNING *) SELECT * FROM gone
;;
WITH made AS (INSERT INTO shop.victims VALUES (1) RETURNING n) SELECT n FROM made
;;
WITH a AS (SELECT 1), b AS (WITH c AS (UPDATE shop.victims SET n = 2 RETURNING n) SELECT n FROM c) SELECT * FROM b
;;
SELECT * INTO shop.copy FROM shop.orders
;;
SELECT id INTO TEMP copied FROM shop.orders
;;
CREATE TABLE shop.copy AS SELECT * FROM shop.orders
;;
CREATE TEMP VIEW orders AS SELECT * FROM rival.secrets
;;
ALTER TABLE shop.victims ADD COLUMN x int
;;
DROP TABLE shop.victims
;;
GRANT ALL ON shop.victims TO PUBLIC
;;
COMMENT ON TABLE shop.victims IS 'x'
;;
CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1'
;;
COPY shop.victims FROM '/tmp/x'
;;
COPY (SELECT 1) TO PROGRAM 'id'
;;
COPY shop.orders TO STDOUT
;;
DO $$ BEGIN DELETE FROM shop.victims; END $$
;;
CALL shop.f()
;;
SELECT nextval('shop.counter')
;;
SELECT setval('shop.counter', 99)
;;
SELECT currval('shop.counter'), lastval()
;;
REFRESH MATERIALIZED VIEW shop.x
;;
SELECT lo_create(0)
;;
SELECT lo_from_bytea(0, 'x'), lo_unlink(1)
;;
SELECT pg_notify('x', 'y')
;;
NOTIFY x, 'y'
;;
IMPORT FOREIGN SCHEMA public FROM SERVER s INTO shop
"""

SETTINGS = r"""
SET statement_timeout = 0
;;
SET LOCAL transaction_read_only = off
;;
SET ROLE postgres
;;
SET SESSION AUTHORIZATION postgres
;;
RESET ALL
;;
SHOW server_version
;;
SET TRANSACTION READ WRITE
;;
SELECT set_config('statement_timeout', '0', false)
;;
SELECT set_config('transaction_read_only', 'off', true)
;;
SELECT SET_CONFIG('app.tenant', 'rival', true), * FROM shop.notes
;;
SELECT "set_config"('app.tenant', 'rival', true)
;;
SELECT pg_catalog.set_config('search_path', 'shop', false)
;;
SELECT pg_catalog . set_config /**/ ('search_path', 'shop', false)
;;
SELECT U&"\0073et_config"('a.b', 'c', false)
;;
SELECT U&"!0073et_config" UESCAPE '!' ('a.b', 'c', false)
;;
SELECT * FROM set_config('app.tenant', 'rival', true) AS x(y), shop.notes
;;
SELECT n.body FROM shop.notes n WHERE set_config('app.tenant', 'rival', true) <> ''
;;
SELECT 1 ORDER BY set_config('a.b', 'c', false)
;;
SELECT 1 LIMIT set_config('a.b', '1', false)::int
;;
SELECT sum(1) OVER (ORDER BY set_config('a.b', 'c', false)) FROM shop.orders
;;
SELECT count(*) FILTER (WHERE set_config('a.b', 'c', false) = 'c') FROM shop.orders
;;
SELECT CASE WHEN set_config('a.b', 'c', false) = 'c' THEN 1 END
;;
WITH x AS (SELECT set_config('a.b', 'c', false)) SELECT 1 FROM x
;;
SELECT (SELECT set_config('a.b', 'c', false))
;;
SELECT v.set_config FROM (VALUES ('a.b')) AS v(x)
;;
SELECT current_setting('data_directory')
;;
SELECT current_setting('is_superuser'), version(), inet_server_addr()
;;
SELECT pg_reload_conf()
;;
SELECT setseed(0.5)
"""

LOCKS = r"""
SELECT pg_advisory_lock(42)
;;
SELECT pg_try_advisory_lock(1, 2), pg_advisory_lock_shared(3)
;;
SELECT g.pg_advisory_lock FROM generate_series(1::bigint, 3) g
;;
SELECT "g".PG_ADVISORY_LOCK FROM generate_series(1::bigint, 3) AS g
;;
SELECT (g).pg_advisory_lock FROM generate_series(1::bigint, 3) g
;;
SELECT (SELECT q.pg_advisory_lock FROM (SELECT 1 AS pg_advisory_lock) q) FROM generate_series(1::bigint, 2) q WHERE q.pg_advisory_lock IS NULL
;;
SELECT (SELECT z.x FROM (SELECT 1 AS pg_advisory_lock) q, (SELECT q.pg_advisory_lock AS x) z) FROM generate_series(1::bigint, 2) q
;;
SELECT (SELECT max(z.x) FROM LATERAL (SELECT q.pg_advisory_lock::text AS x) z, (SELECT 1 AS pg_advisory_lock) q) FROM generate_series(1::bigint, 2) q
;;
SELECT * FROM shop.orders FOR UPDATE
;;
SELECT * FROM shop.orders FOR SHARE NOWAIT
;;
SELECT * FROM (SELECT * FROM shop.orders FOR KEY SHARE) x
;;
WITH x AS (SELECT * FROM shop.orders FOR NO KEY UPDATE SKIP LOCKED) SELECT * FROM x
;;
LOCK TABLE shop.orders IN ACCESS EXCLUSIVE MODE
;;
SELECT pg_export_snapshot()
;;
SELECT pg_logical_emit_message(false, 'x', 'y')
;;
SELECT txid_current()
"""

LONG = r"""
SELECT pg_sleep(30)
;;
SELECT 1 WHERE pg_sleep(30) IS NULL
;;
SELECT "pg_sleep"(30), pg_sleep_for('1 hour'), pg_sleep_until('tomorrow')
;;
SELECT g.pg_sleep FROM generate_series(30, 31) AS g
;;
SELECT u.pg_sleep FROM unnest(ARRAY[30]) u
;;
SELECT PG_CATALOG."pg_sleep"(30)
;;
SELECT repeat('x', 1000000000)
;;
SELECT lpad('', 900000000, 'x'), rpad('', 900000000)
;;
SELECT repeat('x', (SELECT max(id) * 1000000 FROM shop.orders))
;;
SELECT format('%1000000000s', 'x')
;;
SELECT array_fill(0, ARRAY[100000, 1000])
;;
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
;;
SELECT pg_terminate_backend(1)
;;
EXPLAIN ANALYZE SELECT pg_sleep(30)
;;
EXPLAIN SELECT 1
;;
PREPARE x AS SELECT 1
;;
EXECUTE x
;;
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM shop.orders
;;
LISTEN x
;;
VACUUM
;;
ANALYZE shop.orders
;;
CHECKPOINT
;;
CLUSTER shop.orders
;;
REINDEX TABLE shop.orders
;;
DISCARD ALL
"""

ELSEWHERE = r"""
SELECT * FROM rival.secrets
;;
SELECT * FROM "rival"."secrets"
;;
SELECT body FROM shop.orders, rival.secrets
;;
SELECT (SELECT string_agg(body, ',') FROM rival.secrets)
;;
TABLE rival.secrets
;;
SELECT 1 UNION SELECT body FROM rival.secrets
;;
SELECT * FROM dblink('dbname=x', 'DELETE FROM shop.victims') AS x(a text)
;;
SELECT dblink_exec('dbname=x', 'DELETE FROM shop.victims')
;;
SELECT public.dblink_exec('dbname=x', 'x')
;;
SELECT "public"."dblink_exec"('dbname=x', 'x')
;;
SELECT * FROM ROWS FROM (generate_series(1, 2), dblink('x', 'y') AS (a text)) AS r
;;
SELECT * FROM LATERAL dblink('x', 'y') AS x(a text)
;;
SELECT leak(o) FROM shop.orders o
;;
SELECT o.leak FROM shop.orders o
;;
SELECT o.leak, 1 AS leak FROM shop.orders o
;;
SELECT "o"."leak" FROM shop.orders AS "o" LIMIT 1
;;
SELECT shop.orders.leak FROM shop.orders
;;
SELECT (o).leak FROM shop.orders o
;;
SELECT (o.*).leak FROM shop.orders o
;;
SELECT (SELECT o FROM shop.orders o LIMIT 1).leak
;;
SELECT u.leak FROM unnest(ARRAY(SELECT o FROM shop.orders o)) AS u
;;
SELECT 'a' OPERATOR(shop.===) 'bananas'
;;
SELECT 'a'::text === 'bananas'
;;
SELECT query_to_xml('SELECT * FROM shop.orders', true, false, '')
;;
SELECT table_to_xml('shop.orders', true, false, ''), database_to_xml(true, false, '')
;;
SELECT cursor_to_xml('c', 1, true, false, '')
;;
SELECT ts_stat('SELECT body::tsvector FROM rival.secrets')
;;
SELECT * FROM pg_read_file('/etc/passwd')
;;
SELECT pg_read_binary_file('/etc/passwd'), pg_ls_dir('/'), pg_stat_file('/etc/passwd')
;;
SELECT f.pg_read_file FROM unnest(ARRAY['/etc/passwd']) f
;;
SELECT lo_import('/etc/passwd'), lo_export(1, '/tmp/x')
;;
SELECT lo_get(loid) FROM pg_largeobject_metadata
;;
SELECT rolname, rolpassword FROM pg_authid
;;
SELECT * FROM pg_catalog.pg_user_mappings
;;
SELECT * FROM information_schema.tables
;;
SELECT * FROM pg_stat_activity
;;
SELECT * FROM pg_settings
;;
WITH a AS (SELECT * FROM pg_authid), pg_authid AS (SELECT 1 AS rolname) SELECT * FROM a
;;
WITH pg_roles AS (SELECT * FROM pg_roles) SELECT * FROM pg_roles
;;
SELECT 'rival.secrets'::regclass
;;
SELECT CAST('pg_authid' AS regclass), to_regclass('rival.secrets')
;;
SELECT regclass 'rival.secrets'
;;
SELECT 'postgres'::regrole, 'lower'::regproc, 'public'::regnamespace
;;
SELECT 'x'::shop.status, 'x'::"regclass"
;;
SELECT pg_get_functiondef('shop.leak'::regproc::oid), pg_get_viewdef('shop.monthly'::regclass)
;;
SELECT has_table_privilege('rival.secrets', 'SELECT'), pg_relation_size('rival.secrets'), col_description(1, 1)
;;
SELECT session_user, current_user, current_database(), current_schemas(true)
;;
SELECT tableoid::regclass FROM shop.orders
;;
SELECT xmlparse(document '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>')
;;
SELECT xpath('/x', '<x/>'), xmltable('/x' PASSING '<x/>' COLUMNS a text)
;;
SELECT xmlelement(name a, body) FROM rival.secrets
;;
SELECT * FROM json_populate_recordset(NULL::rival.secrets, '[]')
;;
SELECT * FROM shop.orders TABLESAMPLE SYSTEM (10)
;;
SELECT convert_from(decode('cGdfc2xlZXA=', 'base64'), 'UTF8')
;;
SELECT $1, :name, ?, @x, %(y)s
;;
SELECT pg_catalog.query_to_xml /* a function */ ('SELECT 1', true, false, '')
;;
SELECT a.b.c.d.e FROM shop.orders
;;
SELECT * FROM otherdb.shop.orders
;;
SELECT * FROM pg_temp.x
"""

ALL: list[tuple[str, str]] = [
    (kind, query.strip())
    for kind, text in (
        ("stacked", STACKED),
        ("writing", WRITING),
        ("settings", SETTINGS),
        ("locks", LOCKS),
        ("long", LONG),
        ("elsewhere", ELSEWHERE),
    )
    for query in text.split(";;\n")
]

# Without the guard, by the login and the transaction alone: what must not come of these. The rest above would read
# what the login may read anyway (its own functions, the catalogue); the guard alone keeps those away.
UNGUARDED: list[str] = [
    query
    for kind, query in ALL
    if kind in ("stacked", "writing", "settings", "locks")
    or any(word in query for word in ("rival.secrets", "pg_sleep", "pg_read", "lo_", "pg_authid", "FOR "))
]

# These pass, since they are harmless as PostgreSQL reads them: another reader could have seen two statements, or a call.
HARMLESS: list[tuple[str, str]] = [
    (r"SELECT E'\'; DELETE FROM shop.victims; --'", "SELECT '''; DELETE FROM shop.victims; --'"),
    ("SELECT 1 /* /* */ ; DELETE FROM shop.victims; -- */", "SELECT 1"),
    ("SELECT 1 -- \n, 2 /* ' */", "SELECT 1, 2"),
    ("SELECT $a$; DROP TABLE x; $b$ $a$", "SELECT '; DROP TABLE x; $b$ '"),
    (
        "SELECT leak.leak FROM unnest(ARRAY(SELECT o FROM orders o)) AS leak",
        'SELECT "leak"."leak" FROM UNNEST(array(SELECT "o" FROM "shop"."orders" AS "o")) AS "leak"("leak")',
    ),
    ("SELECT x.pg_sleep FROM (SELECT 1 AS pg_sleep) x", 'SELECT "x"."pg_sleep" FROM (SELECT 1 AS "pg_sleep") AS "x"'),
]
"""The query, and what runs."""
