"""The databases that tests get."""

import asyncpg
from conftest import PostgresUrl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def test_a_test_gets_an_empty_database_of_its_own(postgres_url: PostgresUrl) -> None:
    connection = await asyncpg.connect(postgres_url.dsn)
    try:
        await connection.execute("create table here (n int)")
        await connection.execute("create extension vector")
        assert await connection.fetchval("select '[1,2,3]'::halfvec(3) <-> '[1,2,4]'::halfvec(3)") == 1
    finally:
        await connection.close()


async def test_the_next_one_does_not_see_it(postgres_url: PostgresUrl, postgres_module_url: PostgresUrl) -> None:
    assert postgres_url != postgres_module_url
    engine = create_async_engine(postgres_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("select to_regclass('here') is null"))
    await engine.dispose()
