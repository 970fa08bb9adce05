"""Ways out of a read-only query in MariaDB and MySQL, by trick; those that every kind of database knows stand in
`server.sources.shared`."""

OWN = r"""
SELECT 1 INTO OUTFILE '{folder}/out'
;;
SELECT * FROM shop.orders INTO OUTFILE '{folder}/out' FIELDS TERMINATED BY ','
;;
SELECT body FROM rival.secrets INTO DUMPFILE '{folder}/out'
;;
SELECT 1 INTO @x
;;
SELECT id INTO @a FROM shop.orders LIMIT 1
;;
(SELECT 1) INTO OUTFILE '{folder}/out'
;;
SELECT LOAD_FILE('/etc/passwd')
;;
SELECT load_file(0x2f6574632f706173737764)
;;
SELECT LOAD_FILE(CONCAT('/etc', '/passwd'))
;;
LOAD DATA INFILE '/etc/passwd' INTO TABLE shop.victims
;;
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE shop.victims
;;
LOAD XML LOCAL INFILE '/etc/passwd' INTO TABLE shop.victims
;;
SELECT SLEEP(30)
;;
SELECT 1 WHERE SLEEP(30) = 0
;;
SELECT IF(1, SLEEP(30), 0)
;;
SELECT * FROM shop.orders ORDER BY SLEEP(1)
;;
SELECT sleep/**/(30)
;;
SELECT `sleep`(30)
;;
SELECT BENCHMARK(1000000000, MD5('a'))
;;
SELECT benchmark(1e9, sha2('a', 512))
;;
SELECT GET_LOCK('a', 10)
;;
SELECT GET_LOCK('a', 10), RELEASE_LOCK('a'), IS_FREE_LOCK('a'), IS_USED_LOCK('a')
;;
SELECT RELEASE_ALL_LOCKS()
;;
SELECT * FROM shop.orders LOCK IN SHARE MODE
;;
SELECT * FROM shop.orders FOR UPDATE
;;
SELECT * FROM shop.orders FOR UPDATE SKIP LOCKED
;;
SELECT * FROM shop.orders FOR UPDATE NOWAIT
;;
SELECT * FROM (SELECT * FROM shop.orders FOR UPDATE) x
;;
LOCK TABLES shop.orders WRITE
;;
LOCK TABLES shop.orders READ
;;
FLUSH TABLES WITH READ LOCK
;;
FLUSH TABLES shop.orders FOR EXPORT
;;
UNLOCK TABLES
;;
HANDLER shop.orders OPEN
;;
HANDLER shop.orders READ FIRST
;;
SELECT * FROM shop.orders PROCEDURE ANALYSE()
;;
CALL shop.harm()
;;
CALL shop.harm
;;
DO SLEEP(30)
;;
DO GET_LOCK('a', 1)
;;
DO RELEASE_LOCK('a')
;;
SELECT shop.leak()
;;
SELECT leak()
;;
SELECT `shop`.`leak`()
;;
SELECT shop . leak ()
;;
SELECT * FROM shop.orders WHERE shop.leak() = 'bananas'
;;
SELECT sys_exec('id'), sys_eval('id'), sys_get('PATH')
;;
SELECT lib_mysqludf_sys_info()
;;
CREATE FUNCTION sys_exec RETURNS int SONAME 'lib_mysqludf_sys.so'
;;
INSTALL SONAME 'ha_connect'
;;
INSTALL PLUGIN x SONAME 'x.so'
;;
SELECT 1 /*! UNION SELECT body FROM rival.secrets */
;;
SELECT 1 /*!50000 UNION SELECT body FROM rival.secrets */
;;
SELECT 1 /*M! UNION SELECT body FROM rival.secrets */
;;
SELECT 1 /*M!100000 , SLEEP(30) */
;;
SELECT /*!99999 1 , */ 2
;;
/*! DELETE FROM shop.victims */
;;
/*!50000 SET @a = 1 */
;;
SELECT /*! SQL_NO_CACHE */ 1
;;
SELECT 1 /*!*/ FROM shop.orders
;;
SELECT /*+ MAX_EXECUTION_TIME(0) */ 1
;;
SELECT /*+ SET_VAR(max_execution_time=0) */ SLEEP(30)
;;
SET STATEMENT max_statement_time=0 FOR SELECT SLEEP(30)
;;
SELECT @@version
;;
SELECT @@global.secure_file_priv, @@datadir, @@hostname
;;
SELECT @@session.sql_mode
;;
SELECT @a
;;
SELECT @a := 1
;;
SELECT @a := id FROM shop.orders
;;
SELECT (@a := (SELECT body FROM rival.secrets LIMIT 1))
;;
SELECT @`a b`
;;
SET @a = 1
;;
SET SESSION max_statement_time = 0
;;
SET GLOBAL general_log = 1
;;
SET GLOBAL read_only = 0
;;
SET PASSWORD = PASSWORD('x')
;;
SET NAMES gbk
;;
SET CHARACTER SET gbk
;;
SET sql_mode = 'ANSI_QUOTES'
;;
SET autocommit = 1
;;
SET ROLE admin
;;
SET DEFAULT ROLE NONE
;;
SET TRANSACTION READ WRITE
;;
SET SESSION TRANSACTION READ WRITE
;;
START TRANSACTION READ WRITE
;;
SELECT VERSION(), USER(), CURRENT_USER(), DATABASE()
;;
SELECT SCHEMA(), SESSION_USER(), SYSTEM_USER(), CONNECTION_ID()
;;
SELECT LAST_INSERT_ID(7), ROW_COUNT(), FOUND_ROWS()
;;
SELECT SQL_CALC_FOUND_ROWS * FROM shop.orders
;;
SELECT HIGH_PRIORITY * FROM shop.orders
;;
SELECT SQL_BUFFER_RESULT * FROM shop.orders
;;
SELECT STRAIGHT_JOIN * FROM shop.orders
;;
SELECT * FROM shop.orders USE INDEX ()
;;
SELECT * FROM shop.orders PARTITION (p0)
;;
SELECT * FROM shop.orders FOR SYSTEM_TIME ALL
;;
SELECT * FROM mysql.user
;;
SELECT User, authentication_string FROM `mysql`.`user`
;;
SELECT * FROM mysql.global_priv
;;
SELECT * FROM information_schema.tables
;;
SELECT * FROM INFORMATION_SCHEMA.PROCESSLIST
;;
SELECT * FROM `information_schema`.`user_privileges`
;;
SELECT * FROM performance_schema.threads
;;
SELECT * FROM sys.session
;;
SELECT * FROM rival.secrets
;;
SELECT * FROM `rival`.`secrets`
;;
SELECT * FROM `rival` . secrets
;;
SELECT (SELECT GROUP_CONCAT(body) FROM rival.secrets)
;;
SELECT * FROM shop.orders WHERE id IN (SELECT body FROM rival.secrets)
;;
SELECT 1 UNION SELECT body FROM rival.secrets
;;
TABLE rival.secrets
;;
SELECT * FROM other.things
;;
SELECT * FROM def.shop.orders
;;
SELECT _utf8'abc'
;;
SELECT _gbk 0xbf27
;;
SELECT _latin1'é', N'abc'
;;
SELECT 0x62616e616e6173
;;
SELECT x'62616e616e6173', X'61'
;;
SELECT b'01100010', 0b01100010
;;
SELECT CONVERT(0x62616e616e6173 USING utf8mb4)
;;
SELECT '\'; DELETE FROM shop.victims; -- '; DELETE FROM shop.victims
;;
SELECT 'a\\'; DELETE FROM shop.victims; -- '
;;
SELECT "a\"; SELECT 1"; DELETE FROM shop.victims
;;
SELECT 1 # comment
; DELETE FROM shop.victims
;;
SELECT 1 --	
; DELETE FROM shop.victims
;;
SELECT 1 /* ' */ ; DELETE FROM shop.victims /* ' */
;;
DELIMITER // DELETE FROM shop.victims //
;;
SELECT 1 \G DELETE FROM shop.victims
;;
REPLACE INTO shop.victims VALUES (1)
;;
INSERT INTO shop.victims SELECT 1 ON DUPLICATE KEY UPDATE n = 2
;;
INSERT INTO shop.victims_myisam VALUES (1)
;;
DELETE shop.victims FROM shop.victims JOIN shop.orders
;;
UPDATE shop.victims, shop.orders SET victims.n = 9
;;
WITH x AS (SELECT 1) DELETE FROM shop.victims
;;
WITH x AS (SELECT 1) UPDATE shop.victims SET n = 9
;;
TRUNCATE shop.victims
;;
RENAME TABLE shop.victims TO shop.gone
;;
CREATE TEMPORARY TABLE shop.t (n int)
;;
CREATE TABLE shop.t ENGINE=FEDERATED CONNECTION='mysql://x@y/z'
;;
CREATE OR REPLACE VIEW shop.monthly AS SELECT 1
;;
CREATE DEFINER=root@localhost PROCEDURE shop.p() SELECT 1
;;
CREATE EVENT shop.e ON SCHEDULE EVERY 1 SECOND DO DELETE FROM shop.victims
;;
CREATE TRIGGER shop.t BEFORE INSERT ON shop.orders FOR EACH ROW DELETE FROM shop.victims
;;
CREATE USER x
;;
GRANT ALL ON *.* TO reader@'%'
;;
ALTER USER reader@'%' IDENTIFIED BY ''
;;
DROP DATABASE shop
;;
SELECT NEXTVAL(shop.counter)
;;
SELECT NEXT VALUE FOR shop.counter
;;
SELECT LASTVAL(shop.counter), SETVAL(shop.counter, 9)
;;
SELECT shop.counter.nextval
;;
PREPARE s FROM 'DELETE FROM shop.victims'
;;
EXECUTE IMMEDIATE 'DELETE FROM shop.victims'
;;
EXECUTE IMMEDIATE CONCAT('SELECT body FROM ', 'rival.secrets')
;;
BEGIN NOT ATOMIC DELETE FROM shop.victims; END
;;
KILL 1
;;
KILL QUERY 1
;;
SHUTDOWN
;;
PURGE BINARY LOGS TO 'x'
;;
CHANGE MASTER TO MASTER_HOST='x'
;;
BACKUP STAGE START
;;
OPTIMIZE TABLE shop.orders
;;
ANALYZE TABLE shop.orders
;;
CHECK TABLE shop.orders
;;
ANALYZE SELECT SLEEP(30)
;;
ANALYZE FORMAT=JSON SELECT SLEEP(30)
;;
EXPLAIN SELECT 1
;;
DESCRIBE shop.orders
;;
SHOW GRANTS
;;
SHOW VARIABLES
;;
SHOW CREATE TABLE shop.orders
;;
USE rival
;;
HELP 'x'
;;
SIGNAL SQLSTATE '45000'
;;
GET DIAGNOSTICS @x = NUMBER
;;
XA START 'x'
;;
SAVEPOINT a
;;
SELECT MASTER_POS_WAIT('x', 1), MASTER_GTID_WAIT('x', 1), WAIT_FOR_EXECUTED_GTID_SET('x', 1)
;;
SELECT REPEAT('x', 1000000000)
;;
SELECT REPEAT('x', (SELECT MAX(id) * 1000000 FROM shop.orders))
;;
SELECT SPACE(1000000000)
;;
SELECT LPAD('', 900000000, 'x'), RPAD('', 900000000, 'x')
;;
SELECT EXTRACTVALUE('<a/>', CONCAT(0x7e, (SELECT body FROM rival.secrets)))
;;
SELECT UPDATEXML('<a/>', CONCAT('~', 'x'), 'y')
;;
SELECT ENCRYPT('a'), AES_DECRYPT('a', 'b'), DES_ENCRYPT('a'), DECODE('a', 'b')
;;
SELECT COLUMN_CREATE('a', 1), COLUMN_JSON('a')
;;
SELECT NAME_CONST('a', 1), VALUES(id) FROM shop.orders
;;
SELECT DEFAULT(id) FROM shop.orders
;;
SELECT UUID_SHORT(), GTID_SUBSET('a', 'b'), CURRENT_ROLE()
;;
SELECT SPIDER_DIRECT_SQL('DELETE FROM shop.victims', 'x', 'y')
;;
SELECT ?, :name, %(x)s
;;
SELECT id, (SELECT 1 INTO @x) FROM shop.orders
;;
SELECT CAST(1 AS shop.thing)
;;
SELECT {fn SLEEP(30)}
;;
SELECT 1 LIMIT 1 INTO OUTFILE '{folder}/out'
;;
SELECT 1 UNION SELECT 2 INTO OUTFILE '{folder}/out'
"""

ALL: list[str] = [query.strip("\n").strip() for query in OWN.split(";;\n")]
