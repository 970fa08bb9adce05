"""The shop in a MariaDB, beside which another tenant's database lies. `reader` may read the shop and nothing else."""

SHOP = r"""
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE DATABASE rival CHARACTER SET utf8mb4;
CREATE DATABASE other CHARACTER SET utf8mb4;
CREATE TABLE shop.customers (
  id int PRIMARY KEY, name varchar(60) NOT NULL, country char(2) NOT NULL, email varchar(80), joined date NOT NULL,
  referrer int COMMENT 'The customer who sent this one') COMMENT 'Who bought something';
INSERT INTO shop.customers SELECT seq, concat('Customer ', seq), elt(1 + seq % 4, 'DE', 'FR', 'PL', 'AT'),
  concat('c', seq, '@example.com'), date('2025-01-01') + interval seq * 11 day, if(seq > 3, seq div 3, NULL) FROM shop.seq_1_to_24;
CREATE TABLE shop.orders (
  id int PRIMARY KEY, customer_id int NOT NULL, placed_on date NOT NULL, placed_at datetime NOT NULL,
  total decimal(10,2) NOT NULL, status enum('open', 'paid', 'sent', 'returned') NOT NULL, channel varchar(10),
  details json NOT NULL, FOREIGN KEY (customer_id) REFERENCES shop.customers (id), KEY (placed_on));
INSERT INTO shop.orders SELECT seq, 1 + seq * 7 % 24, date('2026-01-01') + interval seq % 180 day,
  timestamp('2026-01-01 08:00:00') + interval seq * 11 hour, round((seq * 37 % 500) + seq / 10, 2),
  elt(1 + seq % 4, 'open', 'paid', 'sent', 'returned'), elt(1 + seq % 3, 'web', 'shop', NULL),
  json_object('gift', seq % 2 = 0, 'items', json_array(
    json_object('sku', concat('a', seq % 6), 'count', 1 + seq % 3), json_object('sku', concat('b', seq % 4), 'count', 1)))
  FROM shop.seq_1_to_360;
CREATE VIEW shop.monthly AS SELECT date_format(placed_on, '%Y-%m-01') AS month, count(*) AS orders, sum(total) AS revenue
  FROM shop.orders GROUP BY 1;
CREATE TABLE shop.`Odd Names` (`Select` int, `quo``te` text);
INSERT INTO shop.`Odd Names` VALUES (1, 'x');
CREATE TABLE shop.kinds (
  n int PRIMARY KEY, whole bigint, beyond bigint unsigned, part decimal(40,10), real8 double, flag boolean, bits bit(12),
  day date, at datetime(3), span time(1), made year, word enum('a', 'b'), words set('x', 'y'), raw varbinary(10), large blob,
  doc json, letters text);
SET SESSION sql_mode = '';
INSERT INTO shop.kinds VALUES
  (1, 9007199254740993, 18446744073709551615, 12.5, 0.1, true, b'101000000001', '2026-02-28', '2026-02-28 10:00:00.250',
   '-100:30:00.5', 2026, 'b', 'x,y', x'dead', x'00ff', '{"a": [1, {"b": null}]}', 'é€😀'),
  (2, -1, 1, 12345678901234567890.5, 1e308, false, b'1', '0000-00-00', '0000-00-00 00:00:00', '00:00:00', 0, 'zzz', '', '', '',
   '9007199254740993', ''),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE shop.victims (n int) ENGINE = InnoDB;
INSERT INTO shop.victims VALUES (0);
CREATE TABLE shop.victims_myisam (n int) ENGINE = MyISAM;
INSERT INTO shop.victims_myisam VALUES (0);
CREATE SEQUENCE shop.counter;
CREATE TABLE rival.secrets (body text);
INSERT INTO rival.secrets VALUES ('bananas');
CREATE TABLE other.things (id int);
CREATE FUNCTION shop.leak() RETURNS text SQL SECURITY DEFINER READS SQL DATA RETURN (SELECT body FROM rival.secrets LIMIT 1);
CREATE PROCEDURE shop.harm() SQL SECURITY DEFINER DELETE FROM shop.victims;
ANALYZE TABLE shop.customers, shop.orders;
CREATE USER reader@'%' IDENTIFIED BY 'päss word';
GRANT SELECT ON shop.* TO reader@'%';
"""

STATEMENTS = [one.strip() for one in SHOP.split(";\n") if one.strip()]
