"""Typical slips in a pipeline file: each is one sentence with file, line and key, and says the right word.

``mistakes.yaml`` is right; each row is what stands there, what somebody wrote in its place, and what they are told: the
line, the key (none where the text is no YAML) and the word that helps.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.commands.exits import WRONG_USE
from bot.definition.config_check import check_config
from tests.bot.in_process import run

RIGHT = Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8")
NOW = datetime(2026, 2, 10, tzinfo=UTC)
EXPECT = "tables.shop.orders.expect"
VALUES = f"{EXPECT}.values"
NIGHT = 'night: {opens: "+1d 05:00", due: "+1d 06:30"}'
MISTAKES = [
    ("timezone:", "time_zone:", 4, "time_zone", "timezone"),
    ("timezone: Europe/London", "timezone: Europe/Londn", 4, "timezone", "Europe/London"),
    ("timezone: Europe/London", "timezone: GMT+1", 4, "timezone", "the name of a time zone, suc"),
    ("timezone: Europe/London", "timezone: London", 4, "timezone", "Europe/London"),
    ("name: shop\n", "name: Shop\n", 2, "name", "lower-case words joined by -"),
    ("name: shop\n", "name: 7\n", 2, "name", "text; put it in quotes"),
    ("name: shop\n", "name shop\n", 2, "", "has no ': ' behind its key"),
    ("name: shop\n", "name:shop\n", 2, "", "has no ': ' behind its key"),
    ("name: shop\n", "name = shop\n", 2, "", "has no ': ' behind its key"),
    ("title: The shop", "title:\u00a0The shop", 3, "", "write a usual space"),
    ("    loaded: loaded_at", "\u00a0\u00a0\u00a0\u00a0loaded: loaded_at", 15, "", "write a usual space"),
    ("title: The shop", "title: The \x07shop", 3, "", "a control character (code 7)"),
    ("title: The shop", "title: @shop", 3, "", "cannot begin with '@'"),
    ("title: The shop", "title: - shop", 3, "", "a value cannot begin with '- '"),
    ("title: The shop", "title: | shop", 3, "", "put the text in quotes"),
    ("title: The shop", "title: &", 3, "", "put the text in quotes"),
    ("title: The shop", "title: *shop", 3, "", "expected an anchor &shop before it"),
    ("title: The shop", "title: !important", 3, "", "write the value without it"),
    ("title: The shop", "title: [The, shop]", 3, "title", "is a list, expected text"),
    ("title: The shop\n", "title: The shop\n<<: *base\n", 4, "", "expected an anchor &base before it"),
    ("unique: [order_id]", "unique: [order_id,,]", 28, "", "a value is missing here"),
    ("code: few-paid, until", "code: few-paid, untill", 82, "suppressions[orders-paid].untill", "did you mean 'until'"),
    ("timezone: Europe/London", "timezone: CEST", 4, "timezone", "did you mean 'Europe/Berlin'?"),
    ("timezone: Europe/London", "timezone: PST", 4, "timezone", "did you mean 'America/Los_Angeles'?"),
    ("cadence: daily", "cadence: '0 6 * * *'", 5, "cadence", "'daily', 'hourly', '{weekly:"),
    ("[monday, tuesday", "[Mon, tuesday", 6, "calendar.weekdays[0]", "did you mean 'monday'?"),
    ("[2026-12-25]", "[2026-12-25T10:00:00]", 6, "calendar.holidays[0]", "a date without a time"),
    ("check_seconds: 30", "check_seconds: -1", 10, "limits.check_seconds", "a number above 0 to 240"),
    ("check_seconds: 30", "check_seconds: .inf", 10, "limits.check_seconds", "a number above 0 to 240"),
    ("project: example-shop", "project: ${PROJECT}", 7, "project", "the ID of a project"),
    ("project: example-shop", "project: {{ project }}", 7, "", "a key must be plain text"),
    ("status: [open, paid]", "status: {matches: '[a-'}", 30, f"{VALUES}.status.matches", "no regular expression"),
    ("status: [open, paid]", "status: {matches: '(?=a)b'}", 30, f"{VALUES}.status.matches", "holds (?=, which BigQ"),
    ("status: [open, paid]", r"status: {matches: '(a)\1'}", 30, f"{VALUES}.status.matches", r"holds \1, which BigQ"),
    ("status: [open, paid]", "status: [1, 2]", 30, f"{VALUES}.status", "'status' is STRING, expected INT64"),
    ("freshness: 24h", "freshness: -24h", 26, f"{EXPECT}.freshness", "a span such as 90m, 24h, 28d"),
    ("freshness: 24h", "freshness: PT24H", 26, f"{EXPECT}.freshness", "a span such as 90m, 24h, 28d"),
    ("freshness: 24h", "freshness: 24h\n      date: day", 27, f"{EXPECT}.date", "further out, beside 'expect'"),
    ("freshness: 24h", "freshness: 24h\n      history: 28d", 27, f"{EXPECT}.history", "it belongs under 'volume'"),
    ("    date: day\n", "    date: day\n    not_null: [day]\n", 14, "tables.shop.orders.not_null", "under 'expect'"),
    ("watch_minutes: 15", "routes: {default: C0EXAMPLE1}\n  watch_minutes: 15", 78, "", "first in line 76"),
    ("notifications:\n", "digest: {post: '08:00'}\nnotifications:\n", 75, "digest", "under 'notifications'"),
    ("tolerance: 1 %", "tolerance: 0,01", 74, "reconcile[0].01", "decimals behind a point"),
    ("tolerance: 1 %", "tolerance: -1 %", 74, "reconcile[0].tolerance", "a share such as '20 %'"),
    ("history: 28d}", "between: [100, 200]}", 27, f"{EXPECT}.volume", "use at_least and at_most"),
    ("history: 28d}", "learned: P1}", 27, f"{EXPECT}.volume.learned", "expected P2, P3 or none"),
    ("status: [open, paid]", "status: {one_of: [open]}", 30, f"{VALUES}.status.one_of", "did you mean 'in'?"),
    ("freshness: 24h", "freshness: 24h\n      where: stauts = 'paid'", 27, f"{EXPECT}.where", "did you mean 'status'"),
    ("freshness: 24h", 'freshness: 24h\n      where: status = "paid" AND', 27, f"{EXPECT}.where", "cannot be parsed"),
    (
        'start: "22:00"',
        'from: "22:00"',
        80,
        "notifications.quiet_hours.from",
        "'start', which is missing?",
    ),
    ('end: "07:00"', 'to: "07:00"', 80, "notifications.quiet_hours.to", "'end', which is missing?"),
    ("limits: {", "datasets: [shop-data]\nlimits: {", 10, "datasets[0]", "small letters, digits and _"),
    ("limits: {", "staging: {prefix: test-}\nlimits: {", 10, "staging.prefix", "did you mean 'test_'?"),
    ("limits: {", "staging: {prefix: s}\nlimits: {", 10, "staging.prefix", "did you mean 's_'?"),
    (
        'due: "+1d 06:30"}',
        'due: "+1d 06:30", expected: 1, critical: [a, b]}',
        51,
        "transitions[load_to_report].runs.night.expected",
        "fewer than the 2 that are critical",
    ),
    (
        "COUNT(DISTINCT customer_id) of shop.customers",
        "COUNT(*) of shop.orders",
        74,
        "reconcile[0].right",
        "is the same as 'left'",
    ),
    ("    subject: shop.orders", "    subject: shop.order", 66, "checks[orders-paid].subject", "'shop.orders'"),
    ("writes: [shop.orders]", "writes: [shop.oders]", 55, "services[loader].writes[0]", "'shop.orders'"),
    ("writes: [shop.orders]", "writes: shop.orders", 55, "services[loader].writes", "a list of items"),
    (
        "services:\n",
        "  - {id: back, title: Back, from: report, to: load, runs: {a: {opens: '05:00', due: '06:00'}}}\nservices:\n",
        52,
        "transitions[back].to",
        "'load' comes before 'report' already",
    ),
    ("WHERE day = @date\nphases", "WHERE day = :date\nphases", 39, "conditions.opened.query", "write @date"),
    ("WHERE day = @date\nphases", "WHERE day = %(date)s\nphases", 39, "conditions.opened.query", "write @date"),
    ("WHERE day = @date\nphases", "WHERE day = ?\nphases", 39, "conditions.opened.query", "by its name, such as @date"),
    ("WHERE day = @date\nphases", "WHERE day = '@date'\nphases", 39, "conditions.opened.query", "which is a text"),
    ('post: "08:00"', "post: “08:00”", 77, "notifications.digest.post", "quotes are written as"),
    ('post: "08:00"', 'post: "08:00 UTC"', 77, "notifications.digest.post", "HH:MM, a day and a time such"),
    (
        "until: 2026-12-24",
        "until: 2026-12-24T10:00:00Z",
        82,
        "suppressions[orders-paid].until",
        "a date without a time",
    ),
    ("region: europe-west2", "region: europe west3", 8, "region", "did you mean 'europe-west3'?"),
    ("region: europe-west2", "region: europe-west2-a", 8, "region", "did you mean 'europe-west2'?"),
    ("project: example-shop", "project: Example Shop", 7, "project", "and not its title"),
    ("project: example-shop", "project_id: example-shop", 7, "project_id", "did you mean 'project'?"),
    ("amount: NUMERIC", "amount: NUMERIC(10, 2)", 19, "tables.shop.orders.columns.amount", "did you mean 'NUMERIC'?"),
    ("status: STRING", "status: STRING NOT NULL", 18, "tables.shop.orders.columns.status", "did you mean 'STRING'?"),
    ("status: STRING", "status: ARRAY", 18, "tables.shop.orders.columns.status", "such as ARRAY<STRING>"),
    (
        "{customer_id: STRING, day",
        "{customer_id: DECIMAL(10,2), day",
        34,
        "tables.shop.customers.columns.customer_id",
        "NUMERIC",
    ),
    (
        "at_least: 100, history",
        "at_least: 1,000, history",
        27,
        "tables.shop.orders.expect.volume.000",
        "behind a comma",
    ),
    ("at_least: 100, history", "group_by: status, history", 27, "tables.shop.orders.expect.volume.group_by", "'by'"),
    (
        "{customer_id: shop.customers.customer_id}",
        "{customer_id: {table: shop.customers, column: customer_id}}",
        31,
        "tables.shop.orders.expect.references.customer_id.table",
        "did you mean 'to'",
    ),
    ("    expect:\n", "    tests:\n", 22, "tables.shop.orders.tests", "did you mean 'expect'?"),
    ("    date: day\n", "    date_column: day\n", 13, "tables.shop.orders.date_column", "did you mean 'date'?"),
    ("{paid: {below: 10}}", "{paid: {lt: 10}}", 69, "checks[orders-paid].rules[0].if.paid.lt", "did you mean 'below'?"),
    ("tables:\n", "sources:\n", 11, "sources", "did you mean 'tables'?"),
    ("notifications:\n", "slack:\n", 75, "slack", "did you mean 'notifications'?"),
    ("notifications:\n", "zzz:\n", 75, "zzz", "there are 40, such as 'version'"),
    (
        "{actors: [U0EXAMPLE1]}",
        "{admins: [U0EXAMPLE1]}",
        79,
        "notifications.permissions.admins",
        "did you mean 'actors'?",
    ),
    ("cadence: daily", "cadence: dayly", 5, "cadence", "'daily', 'hourly', '{weekly:"),
    ("cadence: daily", "cadence: {weekly: sonday}", 5, "cadence", "'daily', 'hourly', '{weekly:"),
    ("cadence: daily", "cadence: {monthly: 31}", 5, "cadence", "'daily', 'hourly', '{weekly:"),
    ("cadence: daily", "cadence: 24h", 5, "cadence", "'daily', 'hourly', '{weekly:"),
    ("tuesday, friday", "tuesday, fryday", 6, "calendar.weekdays[2]", "friday"),
    ("[2026-12-25]", "[25.12.2026]", 6, "calendar.holidays[0]", "a date such as 2026-02-12"),
    ("[2026-12-25]", "[2026-02-30]", 6, "", "'2026-02-30' is no date of the calendar"),
    ("[2026-12-25]", "2026-12-25", 6, "calendar.holidays", "a list of items, each on a l"),
    ("check_seconds: 30", "check_seconds: 3000", 10, "limits.check_seconds", "a number above 0 to 240"),
    ("check_seconds: 30", "check_seconds: 30s", 10, "limits.check_seconds", "a number above 0 to 240"),
    ("limits: {", "limit: {", 10, "limit", "limits"),
    ("  shop.orders:\n", "  orders:\n", 12, "tables.orders", "such as 'shop.orders'"),
    ("  shop.customers:\n", "  shop.customers_2*:\n", 33, "tables.shop.customers_2*", "such as 'shop.customers_*'"),
    ("  shop.customers:\n", "  other.shop.customers:\n", 33, "tables.other.shop.customers", "project.dataset.table"),
    ("  shop.customers:\n", "  shop.old-customers:\n", 33, "tables.shop.old-customers", "shop.old_customers"),
    ("  shop.orders:\n", f"  shop.{'o' * 90}:\n", 22, f"tables.shop.{'o' * 90}.expect.check", "with 'check'"),
    ("    date: day\n", "    date: dya\n", 13, "tables.shop.orders.date", "day"),
    ("    loaded: loaded_at", "    loaded: day", 14, "tables.shop.orders.loaded", "TIMESTAMP"),
    ("amount: NUMERIC", "amount: DECIMAL", 19, "tables.shop.orders.columns.amount", "NUMERIC"),
    ("amount: NUMERIC", "amount: INTEGER", 19, "tables.shop.orders.columns.amount", "INT64"),
    ("amount: NUMERIC", "amount: numeric", 19, "tables.shop.orders.columns.amount", "NUMERIC"),
    ("amount: NUMERIC", "amount: VARCHAR", 19, "tables.shop.orders.columns.amount", "STRING"),
    (
        "    columns:\n      order_id: STRING",
        "    columns:\n      - order_id: STRING",
        17,
        "",
        "another '- ' item; check the",
    ),
    ("    columns:\n", "    colums:\n", 15, "tables.shop.orders.colums", "columns"),
    ("    expect:\n", "    expects:\n", 22, "tables.shop.orders.expects", "expect"),
    ("      phase: load", "      phase: laod", 23, "tables.shop.orders.expect.phase", "load"),
    ("      when: opened", "      when: open", 24, "tables.shop.orders.expect.when", "opened"),
    ('due: "+1d 06:00"', 'due: "+1d 6:00"', 25, "tables.shop.orders.expect.due", "HH:MM, a day and a time such"),
    ('due: "+1d 06:00"', "due: tomorrow 06:00", 25, "tables.shop.orders.expect.due", "HH:MM, a day and a time such"),
    ('due: "+1d 06:00"', 'due: "25:00"', 25, "tables.shop.orders.expect.due", "HH:MM, a day and a time such"),
    ("freshness: 24h", "freshness: 24", 26, "tables.shop.orders.expect.freshness", "a span such as 90m, 24h, 28d"),
    ("freshness: 24h", "freshness: 1 day", 26, "tables.shop.orders.expect.freshness", "a span such as 90m, 24h, 28d"),
    ("freshness: 24h", "freshnes: 24h", 26, "tables.shop.orders.expect.freshnes", "freshness"),
    ("at_least: 100, history", "at_leat: 100, history", 27, "tables.shop.orders.expect.volume.at_leat", "at_least"),
    ("at_least: 100, history", "min: 100, history", 27, "tables.shop.orders.expect.volume.min", "'at_least'"),
    ("at_least: 100, history", "at_least: -1, history", 27, "tables.shop.orders.expect.volume", "at least 0"),
    ("volume: {at_least: 100, history: 28d}", "volume: 100", 27, "tables.shop.orders.expect.volume", "keys and values"),
    ("volume: {at_least: 100, history: 28d}", "row_count: 100", 27, "tables.shop.orders.expect.row_count", "'volume'"),
    ("amount: {at_least: 0}", "amount: {max: 0}", 30, "tables.shop.orders.expect.values.amount.max", "'at_most'"),
    ("status: [open, paid]", "status: {regex: a}", 30, "tables.shop.orders.expect.values.status.regex", "'matches'"),
    (
        "history: 28d",
        "history: 28 days",
        27,
        "tables.shop.orders.expect.volume.history",
        "a span such as 90m, 24h, 28d",
    ),
    (
        "at_least: 100",
        "at_least: many",
        27,
        "tables.shop.orders.expect.volume.at_least",
        "a number from -1e+300 to 1e+",
    ),
    ("unique: [order_id]", "unique: [oder_id]", 28, "tables.shop.orders.expect.unique[0].key[0]", "order_id"),
    ("unique: [order_id]", "unique: {order_id: true}", 28, "tables.shop.orders.expect.unique.order_id", "key"),
    (
        "not_null: [customer_id]",
        "not_null: {customer_id: 120 %}",
        29,
        "tables.shop.orders.expect.not_null.customer_id",
        "a share such as '20 %', or a",
    ),
    ("not_null:", "notnull:", 29, "tables.shop.orders.expect.notnull", "not_null"),
    (
        "values: {status: [open, paid]",
        "values: {status: open",
        30,
        "tables.shop.orders.expect.values.status",
        "a list of items, each on a l",
    ),
    ("values: {status:", "values: {stauts:", 30, "tables.shop.orders.expect.values.stauts", "status"),
    (
        "amount: {at_least: 0}",
        "amount: {at_least: 0, at_most: -1}",
        30,
        "tables.shop.orders.expect.values.amount",
        "no number can meet these bounds",
    ),
    ("amount: {at_least: 0}", "amount: [low]", 30, "tables.shop.orders.expect.values.amount", "STRING"),
    (
        "shop.customers.customer_id}",
        "shop.customer.customer_id}",
        31,
        "tables.shop.orders.expect.references.customer_id.to",
        "shop.customers",
    ),
    (
        "shop.customers.customer_id}",
        "shop.customers.id}",
        31,
        "tables.shop.orders.expect.references.customer_id.to",
        "'customer_id' or 'day",
    ),
    (
        "shop.customers.customer_id}",
        "customers}",
        31,
        "tables.shop.orders.expect.references.customer_id",
        "dataset.table.column, such a",
    ),
    ("schema: strict", "schema: stict", 32, "tables.shop.orders.expect.schema", "'strict', or columns with th"),
    ("schema: strict", "schema: {amount: DECIMAL}", 32, "tables.shop.orders.expect.schema", "NUMERIC"),
    (
        "FROM {shop}.orders WHERE day = @date",
        "FROM shop.orders WHERE day = @date",
        39,
        "conditions.opened.query",
        "names the dataset shop itself; write {sh",
    ),
    (
        "FROM {shop}.orders WHERE day = @date",
        "FROM {shp}.orders WHERE day = @date",
        39,
        "conditions.opened.query",
        "shop",
    ),
    (
        "FROM {shop}.orders WHERE day = @date",
        "FROM {shop}.order WHERE day = @date",
        39,
        "conditions.opened.query",
        "shop.orders",
    ),
    ("WHERE day = @date\nphases", "WHERE day = @day\nphases", 39, "conditions.opened.query", "date"),
    (
        "WHERE day = @date\nphases",
        "WHERE day = CURRENT_DATE()\nphases",
        39,
        "conditions.opened.query",
        "reads the clock (CURRENT_DATE), in UTC a",
    ),
    ("AS number", "AS n", 39, "conditions.opened.query", "does not select number"),
    (
        "    from: load\n    to: report",
        "    from: load\n    to: reports",
        49,
        "transitions[load_to_report].to",
        "report",
    ),
    ("    from: load\n", "    source: load\n", 48, "transitions[load_to_report].source", "from"),
    ('due: "+1d 06:30"', 'due: "+1d 04:30"', 51, "transitions[load_to_report].runs.night.due", "a later time"),
    ("    writes: [shop.orders]", "    writes: [shp.orders]", 55, "services[loader].writes[0]", "shop"),
    ("  - name: loader\n", "  - nam: loader\n", 53, "services[0].nam", "name"),
    (
        "    interval: previous",
        "    interval: yesterday",
        61,
        "checks[orders-paid].interval",
        "'previous', 'current' or 'bo",
    ),
    ("  - id: orders-paid", "  - id: Orders Paid", 57, "checks[Orders Paid].id", "lower-case words joined by -"),
    ("    rules:\n      - if", "    rule:\n      - if", 68, "checks[orders-paid].rule", "rules"),
    (
        "    rules:\n      - if: {paid: {below: 10}}\n        severity: P1\n        code: few-paid\n",
        "    rules:\n      if: {paid: {below: 10}}\n      severity: P1\n      code: few-paid\n",
        68,
        "checks[orders-paid].rules",
        "a list of items, each on a l",
    ),
    (
        "below: 10",
        "less_than: 10",
        69,
        "checks[orders-paid].rules[0].if.paid.less_than",
        "did you mean 'below'?",
    ),
    ("below: 10}}", "blow: 10}}", 69, "checks[orders-paid].rules[0].if.paid.blow", "below"),
    (
        "if: {paid:",
        "if: {payed:",
        69,
        "checks[orders-paid].rules[0].if.payed",
        "the query does not select a column 'paye",
    ),
    (
        "severity: P1\n        code",
        "severity: high\n        code",
        70,
        "checks[orders-paid].rules[0].severity",
        "P0, P1, P2 or P3",
    ),
    (
        "severity: P1\n        code",
        "severity: P5\n        code",
        70,
        "checks[orders-paid].rules[0].severity",
        "P0, P1, P2 or P3",
    ),
    ("code: few-paid\n", "code: Few Paid\n", 71, "checks[orders-paid].rules[0].code", "lower-case words joined by -"),
    (
        'summary: "{paid} of',
        'summary: "{payed} of',
        67,
        "checks[orders-paid].summary",
        "names {payed}, which the query does not",
    ),
    (
        'summary: "{paid} of {total} are paid"',
        "summary: {paid} of {total} are paid",
        67,
        "",
        "the line does not fit those above; check",
    ),
    ("    subject: shop.orders\n", "", 57, "checks[orders-paid].subject", "is missing"),
    (
        "    title: Orders are paid\n",
        "    title: Orders: all paid\n",
        58,
        "",
        "a ':' where no key can stand; put text t",
    ),
    ("    title: Orders are paid\n", "\ttitle: Orders are paid\n", 58, "", "spaces"),
    (
        "    title: Orders are paid\n",
        "    title: Orders are paid\n    title: Orders\n",
        59,
        "",
        "the key 'title' is there twice, first in",
    ),
    (
        "    title: Orders are paid\n",
        "      title: Orders are paid\n",
        58,
        "",
        "a ':' where no key can stand; put text t",
    ),
    (
        "    title: Orders are paid\n",
        '    title: "Orders are paid\n',
        67,
        "",
        "the line does not fit those above; check",
    ),
    (
        "      SELECT COUNTIF",
        "      DELETE COUNTIF",
        62,
        "checks[orders-paid].query",
        "begins with DELETE; a query only reads:",
    ),
    (
        "SELECT COUNTIF(status = 'paid')",
        "SELECT COUNTIF(status = 'paid'",
        63,
        "checks[orders-paid].query",
        "cannot be parsed: Expecting ) near 'AS'.",
    ),
    ("COUNT(*) of shop.orders", "COUNT(*) from shop.orders", 74, "reconcile[0].left", "a sum or a count of a table"),
    ("tolerance: 1 %", "tolerence: 1 %", 74, "reconcile[0].tolerence", "tolerance"),
    ("default: C0EXAMPLE1", "default: '#alerts'", 76, "notifications.routes.default", "the ID of a channel, such as"),
    ('post: "08:00"', 'post: "8:00"', 77, "notifications.digest.post", "HH:MM, a day and a time such"),
    ('post: "08:00"', 'post: "0 8 * * *"', 77, "notifications.digest.post", "HH:MM, a day and a time such"),
    ('post: "08:00"', "post: 8am", 77, "notifications.digest.post", "HH:MM, a day and a time such"),
    ('["09:00", "10:00"]', '["10:00", "09:00"]', 77, "notifications.digest.refresh[1]", "a later time"),
    ("watch_minutes: 15", "watch_minutes: 0", 78, "notifications.watch_minutes", "a whole number from 1 to 60"),
    (
        "watch_minutes: 15",
        "watch_minutes: every 15 minutes",
        78,
        "notifications.watch_minutes",
        "a whole number from 1 to 60",
    ),
    (
        "watch_minutes: 15",
        "watch_minutes: '*/15 * * * *'",
        78,
        "notifications.watch_minutes",
        "a whole number from 1 to 60",
    ),
    ("[U0EXAMPLE1]", "[anna]", 79, "notifications.permissions.actors[0]", "the ID of a person or a user"),
    ("[U0EXAMPLE1]", "U0EXAMPLE1", 79, "notifications.permissions.actors", "a list of items, each on a l"),
    ('start: "22:00"', "start: 22", 80, "notifications.quiet_hours.start", "a time of the day such as '2"),
    ("{check: orders-paid, code", "{check: orders-payed, code", 82, "suppressions[orders-payed].check", "orders-paid"),
    ("code: few-paid, until", "code: few-payed, until", 82, "suppressions[orders-paid].code", "few-paid"),
    ("until: 2026-12-24", "until: next week", 82, "suppressions[orders-paid].until", "a date such as 2026-02-12"),
    (", reason: The till is replaced.", "", 82, "suppressions[orders-paid].reason", "is missing"),
    (
        "  shop.orders:\n",
        "  shp.orders:\n",
        39,
        "conditions.opened.query",
        "(also lines 55, 62",
    ),
    ("  - id: load\n", "  - id: laod\n", 23, f"{EXPECT}.phase", "did you mean 'laod'? (also lines 48, 54, 60)"),
    (
        "      customer_id: STRING\n",
        "      custmer_id: STRING\n",
        29,
        f"{EXPECT}.not_null.customer_id",
        "did you mean 'custmer_id'? (also line 31)",
    ),
    (
        f"    runs:\n      {NIGHT}\nservices:\n",
        f"    orchestrator: starter-3\n    runs:\n      {NIGHT}\nservices:\n  - {{name: starter-2}}\n",
        50,
        "transitions[load_to_report].orchestrator",
        "did you mean 'starter-2'?",
    ),
    ("    date: day\n", "    date: DAY\n", 13, "tables.shop.orders.date", "did you mean 'day'?"),
    ("      status: STRING\n", "      status STRING\n", 18, "", "has no ': ' behind its key"),
    (
        "    date: day\n",
        "    date: day\n    owner: anna\n",
        14,
        "tables.shop.orders.owner",
        "leave it out, or ",
    ),
    ("    date: day\n", "    date: day\n    depends_on: [a]\n", 14, "tables.shop.orders.depends_on", "'reads'"),
    (
        "    date: day\n",
        "    date: day\n    reads: [customers]\n",
        14,
        "tables.shop.orders.reads[0]",
        "'shop.customers'",
    ),
    ("freshness: 24h", "max_age: 24h", 26, f"{EXPECT}.max_age", "did you mean 'freshness'?"),
    ("history: 28d}", "drop: 50 %}", 27, f"{EXPECT}.volume.drop", "did you mean 'floor'?"),
    ("not_null: [cust", "non_null: [cust", 29, f"{EXPECT}.non_null", "did you mean 'not_null'?"),
    ("schema: strict", "schema: true", 32, f"{EXPECT}.schema", "keys and values such as 'columns'"),
    ("tolerance: 1 %", "threshold: 1 %", 74, "reconcile[0].threshold", "did you mean 'tolerance'?"),
    ("    title: Load\n", "    title: Load\n    rows: shop.orders\n", 43, "phases[load].rows", "it must be one SELECT"),
    ("  - id: report\n", "  - id: load\n", 43, "phases[load]", "'load' is there twice"),
    ("writes: [shop.orders]", "writes: [orders]", 55, "services[loader].writes[0]", "of a table write 'shop.orders'"),
    ("writes: [shop.orders]", "env: {A: B}", 55, "services[loader].env", "did you mean 'environment'?"),
    ("name: loader\n", "name: Loader_1\n", 53, "services[Loader_1].name", "did you mean 'loader-1'?"),
    ('post: "08:00"', 'at: "08:00"', 77, "notifications.digest.at", "did you mean 'post'"),
    ("{default: C0EXAMPLE1}", "C0EXAMPLE1", 76, "notifications.routes", "keys and values such as 'default'"),
    (
        "watch_minutes: 15",
        "webhooks: [{name: pager, url_variable: PAGER_URL}]",
        78,
        "notifications.webhooks[pager].url_variable",
        "such as REVEILLE_WEBHOOK_PAGER",
    ),
    ("version: 2", "version: 3", 1, "", "is of version 3; this release reads vers"),
    ("version: 2", "version: two", 1, "version", "2"),
    ("notifications:\n", "notification:\n", 75, "notification", "notifications"),
]


def test_the_file_is_right_without_them(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(RIGHT, encoding="utf-8")

    assert check_config(path, None, NOW) == ()


@pytest.mark.parametrize(("right", "wrong", "line", "key", "word"), MISTAKES, ids=[repr(each[1]) for each in MISTAKES])
def test_a_slip_is_one_sentence_that_helps(
    tmp_path: Path, right: str, wrong: str, line: int, key: str, word: str
) -> None:
    assert right in RIGHT
    path = tmp_path / "shop.yaml"
    path.write_text(RIGHT.replace(right, wrong, 1), encoding="utf-8")

    (problem,) = check_config(path, None, NOW)

    assert (problem.file, problem.line, problem.key) == (str(path), line, key)
    assert word in problem.text
    assert "\n" not in str(problem)


SLIP = RIGHT.replace("below: 10", "blow: 10")


@pytest.mark.parametrize(
    ("written", "line", "word"),
    [
        pytest.param(SLIP.replace("\n", "\r\n"), 69, "did you mean 'below'?", id="Windows line ends"),
        pytest.param("\ufeff" + SLIP, 69, "did you mean 'below'?", id="a byte order mark"),
        pytest.param(RIGHT + "---\n" + RIGHT, 83, "a second document begins here", id="two documents"),
        pytest.param(RIGHT + "...\nname: other\n", 84, "a second document begins here", id="an end, and more"),
        pytest.param("---\n", 0, "does not hold keys and values", id="nothing but a beginning"),
        pytest.param(RIGHT.replace("daily", "[" * 99), 5, "nested more than 64 levels", id="deep"),
    ],
)
def test_a_file_that_is_odd_as_a_whole_is_one_sentence(tmp_path: Path, written: str, line: int, word: str) -> None:
    path = tmp_path / "shop.yaml"
    path.write_bytes(written.encode())

    (problem,) = check_config(path, None, NOW)

    assert (problem.line, word in problem.text) == (line, True)


@pytest.mark.parametrize("command", [("config", "check"), ("validate",), ("explain", "orders-paid")])
def test_a_slip_ends_every_command_with_the_code_of_wrong_use(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(RIGHT.replace("below: 10", "blow: 10"), encoding="utf-8")

    done = run((*command, "--pipeline", str(path)), tmp_path, {})

    assert done.returncode == WRONG_USE
    assert "did you mean 'below'?" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
