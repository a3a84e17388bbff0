"""Data of three teams, and what can be wrong with its newest interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

NEWEST = "2026-11-27"
"""A Friday."""

MORNING = "2026-11-28T08:00"

SHOP: Mapping[str, str] = {
    "customers": """SELECT i AS customer_id, 'Name ' || i AS full_name, 'c' || i || '@example.com' AS email,
        CASE i % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'IT' END AS country FROM range(1, 61) t(i)""",
    "products": """SELECT i AS product_id, 'P-' || i AS sku, CAST(i * 1.5 AS DECIMAL(10, 2)) AS price
        FROM range(1, 31) t(i)""",
    "orders": """SELECT 'o' || (d * 1000 + i) AS order_id, 1 + (i * 7 + d) % 60 AS customer_id,
        CASE i % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' ELSE 'void' END AS status,
        CAST(5 + i * 0.75 AS DECIMAL(10, 2)) AS amount,
        CASE WHEN i % 10 = 0 THEN NULL ELSE 'code' || i % 4 END AS voucher,
        DATE '2026-10-17' + CAST(d AS INT) AS order_date,
        TIMESTAMP '2026-10-18 03:10:00' + to_days(CAST(d AS INT)) + to_minutes(CAST(d % 7 AS INT)) AS loaded_at
        FROM range(0, 42) t(d), range(0, 80 + (d * 13) % 17) u(i)""",
    "order_items": """SELECT 'o' || (d * 1000 + i // 2) AS order_id, i % 2 + 1 AS line_no,
        1 + (i * 11) % 30 AS product_id,
        1 + i % 4 AS quantity, DATE '2026-10-17' + CAST(d AS INT) AS order_date,
        TIMESTAMP '2026-10-18 03:20:00' + to_days(CAST(d AS INT)) AS loaded_at
        FROM range(0, 42) t(d), range(0, 2 * (80 + (d * 13) % 17)) u(i)""",
    "payments": """SELECT 'y' || (d * 1000 + i) AS payment_id, 'o' || (d * 1000 + i) AS order_id,
        CASE i % 2 WHEN 0 THEN 'card' ELSE 'invoice' END AS method, CAST(5 + i * 0.75 AS DECIMAL(10, 2)) AS amount,
        DATE '2026-10-17' + CAST(d AS INT) AS paid_on,
        TIMESTAMP '2026-10-18 03:30:00' + to_days(CAST(d AS INT)) AS loaded_at
        FROM range(0, 42) t(d), range(0, 60 + (d * 5) % 7) u(i)""",
}
"""Five tables, loaded each night."""

SHOP_FAULTS: Mapping[str, tuple[str, ...]] = {
    "low-volume": (f"DELETE FROM orders WHERE order_date = '{NEWEST}' AND amount > 25",),
    "doubled": (f"INSERT INTO orders SELECT * FROM orders WHERE order_date = '{NEWEST}' LIMIT 9",),
    "nulls": (f"UPDATE orders SET customer_id = NULL WHERE order_date = '{NEWEST}' AND amount < 12",),
    "odd-values": (f"UPDATE orders SET status = 'lost' WHERE order_date = '{NEWEST}' AND amount BETWEEN 12 AND 20",),
    "unmatched": (f"UPDATE order_items SET product_id = 999 WHERE order_date = '{NEWEST}' AND quantity = 2",),
    "negative": (f"UPDATE payments SET amount = -amount WHERE paid_on = '{NEWEST}' AND method = 'card'",),
    "stale": (f"UPDATE payments SET loaded_at = TIMESTAMP '2026-11-26 03:30:00' WHERE paid_on >= DATE '{NEWEST}' - 1",),
    "no-volume": (f"DELETE FROM payments WHERE paid_on > DATE '{NEWEST}' - 3",),
}

EVENTS: Mapping[str, str] = {
    "sensors": """SELECT 's' || i AS sensor_id, CASE i % 2 WHEN 0 THEN 'heat' ELSE 'flow' END AS sensor_type
        FROM range(0, 12) t(i)""",
    "readings": """SELECT 's' || i % 12 AS sensor_id,
        TIMESTAMP '2026-11-07 00:00:00' + to_hours(CAST(h AS INT))
          + to_minutes(CAST(i // 12 * 10 AS INT)) AS event_time,
        18 + (i % 7) * 0.5 AS reading, CASE WHEN i % 9 = 8 THEN 'check' ELSE 'good' END AS quality,
        TIMESTAMP '2026-11-07 01:04:00' + to_hours(CAST(h AS INT)) AS ingested_at
        FROM range(0, 504) t(h), range(0, 72) u(i)""",
}
"""Readings of each hour, loaded in the next, for three weeks: the newest is the last hour of the newest date."""

NEWEST_HOUR = "event_time >= TIMESTAMP '2026-11-27 23:00:00'"
EVENT_FAULTS: Mapping[str, tuple[str, ...]] = {
    "low-volume": (f"DELETE FROM readings WHERE {NEWEST_HOUR} AND sensor_id > 's3'",),
    "doubled": (f"INSERT INTO readings SELECT * FROM readings WHERE {NEWEST_HOUR} AND sensor_id = 's1'",),
    "nulls": (f"UPDATE readings SET reading = NULL WHERE {NEWEST_HOUR} AND sensor_id = 's2'",),
    "odd-values": (f"UPDATE readings SET quality = 'torn' WHERE {NEWEST_HOUR} AND sensor_id = 's0'",),
    "unmatched": (f"UPDATE readings SET sensor_id = 'x9' WHERE {NEWEST_HOUR} AND sensor_id = 's3'",),
    "no-volume": ("DELETE FROM readings WHERE event_time >= TIMESTAMP '2026-11-27 20:00:00'",),
}

LEDGER: Mapping[str, str] = {
    "accounts": "SELECT 4000 + i AS account, 'EUR' AS currency FROM range(0, 20) t(i)",
    "entries": """SELECT 'E' || (n * 10000 + i) AS entry_id, 4000 + i % 20 AS account,
        CASE i % 2 WHEN 0 THEN 'debit' ELSE 'credit' END AS side, CAST(1 + i * 0.5 AS DECIMAL(12, 2)) AS amount,
        day AS booked_on, CAST(day AS TIMESTAMP) + INTERVAL 27 HOUR AS loaded_at
        FROM (SELECT row_number() OVER (ORDER BY day) AS n, day,
            CASE WHEN month(day) <> month(day + 3) THEN 900 ELSE 200 END AS rows
            FROM (SELECT DATE '2026-09-07' + CAST(d AS INT) AS day FROM range(0, 82) t(d))
            WHERE dayofweek(day) BETWEEN 1 AND 5
        ), range(0, 1000) u(i) WHERE i < rows""",
    "balances": """SELECT account, month_end, CAST(100 + account AS DECIMAL(12, 2)) AS balance
        FROM (SELECT 4000 + i AS account FROM range(0, 20) t(i)),
        (SELECT unnest([DATE '2026-09-30', DATE '2026-10-30', DATE '2026-11-27']) AS month_end)""",
}
"""Entries of business days with four times as many at the end of a month, and balances at each."""

LEDGER_FAULTS: Mapping[str, tuple[str, ...]] = {
    "low-volume": (f"DELETE FROM entries WHERE booked_on = '{NEWEST}' AND account > 4002",),
    "doubled": (f"INSERT INTO entries SELECT * FROM entries WHERE booked_on = '{NEWEST}' AND account = 4001",),
    "nulls": (f"UPDATE entries SET amount = NULL WHERE booked_on = '{NEWEST}' AND account = 4003",),
    "odd-values": (f"UPDATE entries SET side = 'other' WHERE booked_on = '{NEWEST}' AND account = 4004",),
    "unmatched": (f"UPDATE entries SET account = 9999 WHERE booked_on = '{NEWEST}' AND account = 4005",),
    "no-volume": (f"DELETE FROM entries WHERE booked_on >= '{NEWEST}'",),
    "stale": (f"DELETE FROM entries WHERE booked_on >= DATE '{NEWEST}' - 2",),
}

MODELS: Mapping[str, str] = {
    "models": """SELECT 'm' || (w * 10 + i) AS model_id, 0.7 + i / 100 AS auc,
        DATE '2026-08-09' + CAST(w * 7 AS INT) AS trained_on,
        TIMESTAMP '2026-08-09 21:00:00' + to_days(CAST(w * 7 AS INT)) AS loaded_at
        FROM range(0, 16) t(w), range(0, 12) u(i)""",
}
"""Models that are trained each Sunday; the newest of the Sunday before the newest date."""

MODEL_FAULTS: Mapping[str, tuple[str, ...]] = {
    "no-volume": ("DELETE FROM models WHERE trained_on = '2026-11-22'",),
    "doubled": ("INSERT INTO models SELECT * FROM models WHERE trained_on = '2026-11-22' LIMIT 3",),
}


def made(tables: Mapping[str, str], faults: Sequence[str] = ()) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    for name, query in tables.items():
        connection.execute(f"CREATE TABLE {name} AS {query}")
    for each in faults:
        connection.execute(each)
    return connection


def as_database(path: Path, tables: Mapping[str, str], faults: Sequence[str] = ()) -> Path:
    with made(tables, faults) as connection:
        connection.execute(f"ATTACH '{path}' AS kept")
        for name in tables:
            connection.execute(f"CREATE TABLE kept.{name} AS SELECT * FROM {name}")
    return path


def as_files(folder: Path, ending: str, tables: Mapping[str, str], faults: Sequence[str] = ()) -> Path:
    folder.mkdir()
    with made(tables, faults) as connection:
        for name in tables:
            connection.execute(f"COPY {name} TO '{folder}/{name}.{ending}'")
    return folder
