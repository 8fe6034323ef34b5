"""PostgreSQL databases with every table, lent to one test after the other.

To make and drop one costs more than most tests (a drop waits for a checkpoint): what a test has
written is deleted instead.
"""

import psycopg
from psycopg import sql

MANY = 5000
"""Rows whose remains would be in the way of the tests after; then it is dropped."""

SHAPE = """
select md5(coalesce(string_agg(part, ' ' order by part), '')) from (
    select concat_ws('.', relname, attname, atttypid, attnotnull, attisdropped) as part
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace
    union all select 'trigger ' || tgname from pg_trigger where not tgisinternal
    union all select 'function ' || proname from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'constraint ' || conname || pg_get_constraintdef(oid) from pg_constraint
    union all select 'setting ' || array_to_string(setconfig, ',') from pg_db_role_setting
) as parts
"""
OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
NAMES = "select relname from pg_class where relkind = %s and relnamespace = 'public'::regnamespace"
KEPT = "alembic_version"


class Lender:
    """Databases like ``template``, which is one of ``server``."""

    def __init__(self, server, template):
        self._server, self._template = server, template
        self._spare = []
        with self._connect(template) as connection:
            self._shape = connection.execute(SHAPE).fetchone()
            self._version = connection.execute(f"select version_num from {KEPT}").fetchone()
            tables = [name for (name,) in connection.execute(NAMES, ("r",))]
            self._counters = [name for (name,) in connection.execute(NAMES, ("S",))]
        self._tables = [sql.Identifier(name) for name in tables]

    def lend(self):
        """Return the name of a database without a row."""
        return self._spare.pop() if self._spare else self._server.create(self._template)

    def take_back(self, name):
        """Empty a database for the next test; one that is not as it was is dropped."""
        with self._connect(name) as connection:
            connection.execute(OTHERS)
            is_good = self._emptied(connection) <= MANY and self._is_unchanged(connection)
        if is_good:
            self._spare.append(name)
        else:
            self._server.drop(name)

    def _is_unchanged(self, connection):
        return connection.execute(SHAPE).fetchone() == self._shape

    def _emptied(self, connection):
        """Delete every row; return how many there were. A table that is gone counts as many."""
        connection.execute("set session_replication_role = replica")  # no foreign keys now
        try:
            with connection.transaction():
                rows = sum(
                    connection.execute(sql.SQL("delete from {}").format(table)).rowcount
                    for table in self._tables
                )
                connection.execute(f"insert into {KEPT} values (%s)", self._version)
                for name in self._counters:
                    connection.execute("select setval(%s, 1, false)", (name,))
        except psycopg.errors.UndefinedTable:
            return MANY + 1
        return rows

    def _connect(self, name):
        return psycopg.connect(
            host=str(self._server.socket), user="postgres", dbname=name, autocommit=True
        )
