"""MySQL and MariaDB as data sources, through SQLAlchemy and aiomysql."""

from opsloom_server.sources.mysql.engine import MySQL

__all__ = ["MySQL"]
