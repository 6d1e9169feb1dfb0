"""What else could be done with the same records: a product's rule, a page of SQL, and a plain read."""

from __future__ import annotations

from pathlib import Path

import duckdb

#: Calls that present a number of the register: exact entries and prefixes, in force on the day of the call.
_REGISTER = """
CREATE TABLE register AS
  SELECT number, owner, use, coalesce(valid_from, DATE '0001-01-01') AS since,
         coalesce(valid_until, DATE '9999-12-31') AS until
  FROM read_csv($numbers, header = true, columns = {
    number: 'VARCHAR', owner: 'VARCHAR', use: 'VARCHAR', sector: 'VARCHAR', source: 'VARCHAR',
    valid_from: 'DATE', valid_until: 'DATE'})
  WHERE use IN ('inbound_only', 'unallocated')
"""
_PROTECTED = """
CREATE TABLE protected AS
  SELECT c.call_id, c.trunk, c.fingerprint, c.caller, c.called, r.owner, r.use
  FROM calls c JOIN register r ON c.caller = r.number
  WHERE CAST(c.start_time AS DATE) BETWEEN r.since AND r.until
  UNION
  SELECT c.call_id, c.trunk, c.fingerprint, c.caller, c.called, r.owner, r.use
  FROM calls c JOIN register r ON r.number LIKE '%*' AND starts_with(c.caller, rtrim(r.number, '*'))
  WHERE CAST(c.start_time AS DATE) BETWEEN r.since AND r.until;
"""

#: Several inbound-only identities in one cell of shape and trunk, of which they are no small part; then calls
#: of the same shapes, on any trunk, that share a called or a presented number with these cells. Of the
#: variants tried (share 0 to 0.1, two or three identities, with and without each step) this did best.
_CELLS = """
CREATE TABLE cells AS
  SELECT trunk, fingerprint FROM calls LEFT JOIN protected USING (call_id, trunk, fingerprint)
  WHERE fingerprint IS NOT NULL
  GROUP BY ALL
  HAVING count(DISTINCT protected.caller) FILTER (protected.use = 'inbound_only') >= 2
     AND count(protected.caller) >= 0.05 * count(*);
CREATE TABLE inside AS SELECT call_id, caller, called FROM calls SEMI JOIN cells USING (trunk, fingerprint);
CREATE TABLE flagged AS
  SELECT call_id FROM inside
  UNION
  SELECT call_id FROM calls SEMI JOIN cells USING (fingerprint)
  WHERE called IN (SELECT called FROM inside) OR caller IN (SELECT caller FROM inside);
"""


def do_not_originate(calls: Path, numbers: Path) -> set[str]:
    """The rule that screening products sell: refuse what presents a number that is never called from."""
    with _open(calls, numbers) as db:
        return {row[0] for row in db.execute("SELECT DISTINCT call_id FROM protected").fetchall()}


def page_of_sql(calls: Path, numbers: Path) -> set[str]:
    """What an engineer would write in an afternoon."""
    with _open(calls, numbers) as db:
        db.execute(_CELLS)
        return {row[0] for row in db.execute("SELECT DISTINCT call_id FROM flagged").fetchall()}


def _open(calls: Path, numbers: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.read_parquet(str(calls / "*.parquet")).create_view("calls")
    db.execute(_REGISTER, {"numbers": str(numbers)})
    db.execute(_PROTECTED)
    return db


def read_and_window(calls: Path) -> None:
    """One full read of every column and one window per called number: the least that any hunt has to do."""
    db = duckdb.connect()
    files = str(calls / "*.parquet")
    db.execute("SELECT min(COLUMNS(*)) FROM read_parquet(?)", [files]).fetchall()
    db.execute(
        """SELECT max(before), count(*) FROM (
             SELECT lag(start_time) OVER (PARTITION BY called ORDER BY start_time, call_id) AS before
             FROM read_parquet(?))""",
        [files],
    ).fetchall()


if __name__ == "__main__":  # measured as a process of its own by benchmarks.hunt
    import sys

    read_and_window(Path(sys.argv[1]))
