"""A shop's database beside which another tenant's lies, with everything in reach that an attack would like to find.

`reader` may read the schema `shop`; `rival` is another tenant's schema. What extensions would bring (dblink) stands here
as functions of the same names that do the same harm.
"""

SHOP = """
CREATE SCHEMA shop; CREATE SCHEMA rival; CREATE SCHEMA other;
CREATE TYPE shop.status AS ENUM ('open', 'paid', 'sent', 'returned');

CREATE TABLE shop.customers (
  id int PRIMARY KEY, name text NOT NULL, country text NOT NULL, email text, joined date NOT NULL, referrer int);
COMMENT ON TABLE shop.customers IS 'Who bought something';
COMMENT ON COLUMN shop.customers.referrer IS 'The customer who sent this one';
INSERT INTO shop.customers SELECT n, 'Customer ' || n, (ARRAY['DE','FR','PL','AT'])[1 + n % 4],
  'c' || n || '@example.com', date '2025-01-01' + n * 11, CASE WHEN n > 3 THEN n / 3 END FROM generate_series(1, 24) n;

CREATE TABLE shop.orders (
  id int PRIMARY KEY, customer_id int NOT NULL REFERENCES shop.customers, placed_on date NOT NULL,
  placed_at timestamptz NOT NULL, total numeric(10,2) NOT NULL, status shop.status NOT NULL, channel text,
  tags text[] NOT NULL, details jsonb NOT NULL);
INSERT INTO shop.orders SELECT n, 1 + n * 7 % 24, date '2026-01-01' + n % 180,
  timestamptz '2026-01-01 08:00+00' + n * interval '11 hours', round((n * 37 % 500) + n / 10.0, 2),
  (ARRAY['open','paid','sent','returned'])[1 + n % 4]::shop.status, (ARRAY['web','shop',NULL])[1 + n % 3],
  ARRAY['t' || n % 3, 't' || n % 5],
  jsonb_build_object('gift', n % 2 = 0, 'items', jsonb_build_array(
    jsonb_build_object('sku', 'a' || n % 6, 'count', 1 + n % 3), jsonb_build_object('sku', 'b' || n % 4, 'count', 1)))
  FROM generate_series(1, 360) n;
ANALYZE shop.customers, shop.orders;

CREATE VIEW shop.monthly AS
  SELECT date_trunc('month', placed_on)::date AS month, count(*) AS orders, sum(total) AS revenue FROM shop.orders GROUP BY 1;
CREATE TABLE shop."Odd Names" ("Select" int, "quo""te" text); INSERT INTO shop."Odd Names" VALUES (1, 'x');
CREATE TABLE shop.kinds (flag boolean, whole bigint, part numeric, real8 float8, day date, at timestamptz, span interval,
  id uuid, raw bytea, list int[], doc jsonb, age int4range, net inet);
INSERT INTO shop.kinds VALUES
  (true, 9007199254740993, 12.50, 'NaN', '2026-02-28', '2026-02-28 10:00:00+00', '1 mon 2 days 03:00',
   '00000000-0000-4000-8000-000000000001', '\\xdead', '{1,NULL,3}', '{"a": [1, {"b": null}]}', '[1,5)', '10.0.0.1'),
  (NULL, -1, 1e400, 'Infinity', 'infinity', '-infinity', NULL, NULL, NULL, NULL, NULL, 'empty', NULL);

-- Rows of several tenants in one table: the policy goes by the login, which no query can change.
CREATE TABLE shop.notes (tenant text NOT NULL, body text NOT NULL);
INSERT INTO shop.notes VALUES ('{reader}', 'ours'), ('rival', 'theirs: bananas');
ALTER TABLE shop.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON shop.notes USING (tenant = session_user);

CREATE TABLE rival.secrets (body text); INSERT INTO rival.secrets VALUES ('bananas');
CREATE TABLE other.things (id int); INSERT INTO other.things VALUES (1);
CREATE TABLE shop.victims (n int); INSERT INTO shop.victims VALUES (0);
CREATE SEQUENCE shop.counter;

-- What a careless owner leaves lying about: each runs with the owner's rights.
CREATE FUNCTION public.dblink(text, text) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN UPDATE shop.victims SET n = n + 1; RETURN QUERY SELECT body FROM rival.secrets; END $$;
CREATE FUNCTION public.dblink_exec(text, text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
  $$ UPDATE shop.victims SET n = n + 1 RETURNING 'done' $$;
CREATE FUNCTION shop.leak(o shop.orders) RETURNS text LANGUAGE sql SECURITY DEFINER AS
  $$ SELECT body FROM rival.secrets $$;
CREATE FUNCTION shop.leaky(text, text) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS
  $$ SELECT EXISTS (SELECT FROM rival.secrets WHERE body = $2) $$;
CREATE OPERATOR shop.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = shop.leaky);
CREATE FUNCTION shop.lower(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT body FROM rival.secrets $$;

CREATE ROLE {reader} LOGIN;
GRANT USAGE ON SCHEMA shop TO {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {reader};
GRANT USAGE, SELECT ON SEQUENCE shop.counter TO {reader};
REVOKE SELECT ON shop.kinds FROM {reader};
GRANT SELECT (flag, whole, part, real8, day, at, span, id, raw, list, doc, age, net) ON shop.kinds TO {reader};
"""
"""`{reader}` is the login, a plain name."""
