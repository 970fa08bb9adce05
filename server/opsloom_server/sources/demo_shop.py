"""The demo's data: a made-up shop, in a database of its own beside ours, read by a login of its own.

Only in the PostgreSQL that Opsloom brings along, where making a database is nobody else's business.
"""

from typing import Final

import asyncpg
from sqlalchemy.engine import make_url

__all__ = ["NAME", "SCHEMA", "make_shop"]

NAME: Final = "Demo shop"
SCHEMA: Final = "shop"
_DATABASE: Final = "opsloom_demo_shop"
_ROLE: Final = "opsloom_demo_reader"

# No random numbers: the same shop everywhere, so that what is said of it holds. The bicycles sell in spring.
_TABLES: Final = """
CREATE SCHEMA shop;
CREATE TABLE shop.products (
  id int PRIMARY KEY, name text NOT NULL, category text NOT NULL, price numeric(8,2) NOT NULL);
COMMENT ON TABLE shop.products IS 'What the made-up shop sells';
INSERT INTO shop.products VALUES
  (1, 'City bicycle', 'bicycles', 640), (2, 'Touring bicycle', 'bicycles', 980),
  (3, 'Child''s bicycle', 'bicycles', 290),
  (4, 'Helmet', 'safety', 55), (5, 'Lights, a pair', 'safety', 32), (6, 'Lock', 'safety', 48),
  (7, 'Panniers', 'travel', 95), (8, 'Trailer', 'travel', 260), (9, 'Pump', 'tools', 24),
  (10, 'Repair kit', 'tools', 18);
CREATE TABLE shop.customers (id int PRIMARY KEY, name text NOT NULL, country text NOT NULL, since date NOT NULL);
COMMENT ON TABLE shop.customers IS 'Made-up people';
INSERT INTO shop.customers SELECT n, 'Customer ' || n,
  (ARRAY['Austria','France','Germany','Germany','Netherlands','Poland'])[1 + n * 5 % 6], date '2023-01-01' + n * 9
  FROM generate_series(1, 120) n;
CREATE TABLE shop.orders (
  id int PRIMARY KEY, customer_id int NOT NULL REFERENCES shop.customers, placed_on date NOT NULL,
  status text NOT NULL, channel text NOT NULL);
COMMENT ON TABLE shop.orders IS 'Orders of the year 2025';
INSERT INTO shop.orders SELECT row_number() OVER (ORDER BY day, n),
  1 + (extract(doy FROM day)::int * 7 + n * 31) % 120, day,
  (ARRAY['delivered','delivered','delivered','delivered','returned','cancelled'])
    [1 + (extract(doy FROM day)::int + n * 5) % 6],
  (ARRAY['website','website','store'])[1 + (extract(doy FROM day)::int * 3 + n) % 3]
  FROM (SELECT d::date AS day, 2 + (ARRAY[0,1,3,5,6,5,4,3,2,1,2,4])[extract(month FROM d)::int] / 2 AS count
        FROM generate_series(date '2025-01-01', date '2025-12-31', interval '1 day') d) days,
    LATERAL generate_series(1, days.count) n;
CREATE TABLE shop.order_lines (
  order_id int NOT NULL REFERENCES shop.orders, product_id int NOT NULL REFERENCES shop.products, quantity int NOT NULL,
  price numeric(8,2) NOT NULL, PRIMARY KEY (order_id, product_id));
COMMENT ON COLUMN shop.order_lines.price IS 'In euros, for one, on the day of the order';
INSERT INTO shop.order_lines SELECT o.id, p.id, 1 + (o.id + p.id) % 2, p.price FROM shop.orders o
  JOIN shop.products p ON (o.id * 7 + p.id * 3) % 11 < 2;
CREATE INDEX ON shop.orders (placed_on);
ANALYZE;
"""


async def make_shop(embedded: str) -> str:
    """Make what is missing on the embedded PostgreSQL, whose address this is; return the address for a data source."""
    url = make_url(embedded).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", _ROLE):
            await connection.execute(
                f"CREATE ROLE {_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION; "
                f"ALTER ROLE {_ROLE} SET default_transaction_read_only = on; "
                f"ALTER ROLE {_ROLE} SET temp_file_limit = '256MB'"
            )
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", _DATABASE):
            await connection.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        await connection.close()
    shop = url.set(database=_DATABASE)
    connection = await asyncpg.connect(shop.render_as_string(hide_password=False))
    try:
        async with connection.transaction():
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", SCHEMA):
                await connection.execute(_TABLES)
            await connection.execute(
                f"REVOKE ALL ON DATABASE {_DATABASE} FROM PUBLIC; GRANT CONNECT ON DATABASE {_DATABASE} TO {_ROLE}; "
                f"GRANT USAGE ON SCHEMA {SCHEMA} TO {_ROLE}; GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {_ROLE}"
            )
    finally:
        await connection.close()
    return shop.set(username=_ROLE).render_as_string(hide_password=False)
