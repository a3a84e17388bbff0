SELECT COUNT(*) AS row_count FROM {shop}.orders WHERE day = @date
SELECT o.order_id, o.amount FROM {shop}.orders AS o WHERE o.day = @date AND o.amount > 100
SELECT o.order_id FROM {shop}.orders o JOIN {shop}.customers c ON c.customer_id = o.customer_id WHERE o.day = @date AND c.country = 'DE'
SELECT order_id FROM {shop}.orders LEFT JOIN {shop}.customers USING (customer_id) WHERE orders.day = @date AND country IS NULL
WITH paid AS (SELECT * FROM {shop}.orders WHERE day = @date AND status = 'paid') SELECT COUNT(*) AS row_count FROM paid
WITH a AS (SELECT order_id FROM {shop}.orders WHERE day = @date), b AS (SELECT order_id FROM a) SELECT COUNT(b.order_id) AS n FROM b
WITH orders AS (SELECT * FROM {shop}.orders WHERE day = @date) SELECT COUNT(*) AS n FROM orders
WITH RECURSIVE days AS (SELECT @date AS day UNION ALL SELECT DATE_SUB(day, INTERVAL 1 DAY) FROM days WHERE day > DATE_SUB(@date, INTERVAL 7 DAY)) SELECT day FROM days
SELECT order_id, amount FROM {shop}.orders WHERE day = @date QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY created_at DESC) = 1
SELECT order_id, SUM(amount) OVER (PARTITION BY customer_id ORDER BY created_at ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS running FROM {shop}.orders WHERE day = @date
SELECT order_id, LAG(amount) OVER w AS before FROM {shop}.orders WHERE day = @date WINDOW w AS (PARTITION BY customer_id ORDER BY created_at)
SELECT item, COUNT(*) AS n FROM {shop}.orders, UNNEST(tags) AS item WHERE day = @date GROUP BY item
SELECT item, place FROM {shop}.orders AS o CROSS JOIN UNNEST(o.tags) AS item WITH OFFSET AS place WHERE o.day = @date
SELECT o.order_id FROM {shop}.orders AS o, o.tags AS tag WHERE o.day = @date AND tag = 'gift'
SELECT order_id, ARRAY_LENGTH(tags) AS n FROM {shop}.orders WHERE day BETWEEN DATE_SUB(@date, INTERVAL 7 DAY) AND @date
SELECT STRUCT(order_id AS id, amount AS paid) AS it FROM {shop}.orders WHERE day = @date
SELECT STRUCT<id INT64, paid NUMERIC>(order_id, amount) AS it FROM {shop}.orders WHERE day = @date
SELECT address.city, COUNT(*) AS n FROM {shop}.customers GROUP BY address.city
SELECT c.address.city AS city FROM {shop}.customers AS c WHERE c.address.postcode IS NULL
SELECT customer_id FROM {shop}.customers WHERE address.city = 'Berlin'
SELECT * FROM (SELECT status, amount FROM {shop}.orders WHERE day = @date) PIVOT(SUM(amount) FOR status IN ('paid', 'open'))
SELECT * FROM (SELECT order_id, amount, tax FROM {shop}.orders WHERE day = @date) UNPIVOT(money FOR kind IN (amount, tax))
SELECT SAFE_CAST(JSON_VALUE(payload, '$.age') AS INT64) AS age FROM {shop}.events WHERE DATE(created_at) = @date
SELECT payload.kind.name AS kind FROM {shop}.events WHERE created_at >= TIMESTAMP(@date)
SELECT payload['kind'] AS kind, INT64(payload.age) AS age FROM {shop}.events WHERE created_at >= TIMESTAMP(@date, 'Europe/Berlin')
SELECT JSON_VALUE(payload, '$.a.b[0]') AS it FROM {shop}.events
SELECT table_name, option_value FROM {shop}.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE option_name = 'labels'
SELECT total_rows FROM {shop}.INFORMATION_SCHEMA.PARTITIONS WHERE table_name = 'orders' AND partition_id = FORMAT_DATE('%Y%m%d', @date)
SELECT job_id FROM `region-eu`.INFORMATION_SCHEMA.JOBS_BY_PROJECT WHERE creation_time > TIMESTAMP_SUB(@now, INTERVAL 1 DAY)
SELECT row_count FROM {shop}.__TABLES__ WHERE table_id = 'orders'
SELECT COUNT(*) AS n FROM `{shop}.logs_*` WHERE _TABLE_SUFFIX = FORMAT_DATE('%Y%m%d', @date)
SELECT COUNT(*) AS n FROM `{shop}.logs_*` AS l WHERE l._TABLE_SUFFIX BETWEEN '20260101' AND '20260131'
SELECT COUNT(*) AS n FROM {shop}.visits WHERE _PARTITIONTIME = TIMESTAMP(@date)
SELECT COUNT(*) AS n FROM {shop}.visits WHERE _PARTITIONDATE >= DATE_SUB(@date, INTERVAL 1 DAY)
SELECT COUNT(*) AS n FROM {shop}.orders FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(@now, INTERVAL 1 HOUR) WHERE day = @date
SELECT COUNT(*) AS n FROM {shop}.orders AS o FOR SYSTEM_TIME AS OF @now WHERE o.day = @date
SELECT COUNT(*) AS n FROM {shop}.orders TABLESAMPLE SYSTEM (10 PERCENT) WHERE day = @date
SELECT COUNT(DISTINCT order_id) AS orders, COUNTIF(status IN ('paid', 'open')) AS good FROM {shop}.orders WHERE day = @date
SELECT status, COUNT(*) AS n FROM {shop}.orders WHERE day = @date GROUP BY 1 HAVING n > 10 ORDER BY n DESC LIMIT 5
SELECT status, COUNT(*) AS n FROM {shop}.orders WHERE day = @date GROUP BY ALL
SELECT status, day, COUNT(*) AS n FROM {shop}.orders WHERE day = @date GROUP BY ROLLUP (status, day)
SELECT status, day, COUNT(*) AS n FROM {shop}.orders WHERE day = @date GROUP BY GROUPING SETS ((status), (status, day), ())
SELECT * EXCEPT (tags) FROM {shop}.orders WHERE day = @date
SELECT * REPLACE (amount / 100 AS amount) FROM {shop}.orders WHERE day = @date
SELECT o.* EXCEPT (tags), c.country FROM {shop}.orders AS o JOIN {shop}.customers AS c USING (customer_id) WHERE o.day = @date
SELECT IF(COUNT(*) = 0, 'none', 'some') AS it, SAFE_DIVIDE(COUNTIF(amount IS NULL), COUNT(*)) AS share FROM {shop}.orders WHERE day = @date
SELECT CASE WHEN amount > 100 THEN 'big' WHEN amount > 10 THEN 'fair' ELSE 'small' END AS size, COUNT(*) AS n FROM {shop}.orders WHERE day = @date GROUP BY size
SELECT order_id FROM {shop}.orders WHERE day = @date AND customer_id NOT IN (SELECT customer_id FROM {shop}.customers)
SELECT order_id FROM {shop}.orders AS o WHERE o.day = @date AND NOT EXISTS (SELECT 1 FROM {shop}.customers AS c WHERE c.customer_id = o.customer_id)
SELECT order_id FROM {shop}.orders AS o WHERE day = @date AND amount > (SELECT AVG(amount) FROM {shop}.orders WHERE day = DATE_SUB(@date, INTERVAL 7 DAY))
SELECT (SELECT COUNT(*) FROM UNNEST(tags) AS tag WHERE tag LIKE 'g%') AS n FROM {shop}.orders WHERE day = @date
SELECT ARRAY(SELECT AS STRUCT tag, LENGTH(tag) AS long FROM UNNEST(tags) AS tag ORDER BY long) AS tags FROM {shop}.orders WHERE day = @date
SELECT AS VALUE STRUCT(order_id, amount) FROM {shop}.orders WHERE day = @date
SELECT ARRAY_AGG(STRUCT(order_id, amount) ORDER BY amount DESC LIMIT 3)[SAFE_OFFSET(0)].order_id AS greatest FROM {shop}.orders WHERE day = @date
SELECT STRING_AGG(DISTINCT status, ', ' ORDER BY status) AS statuses FROM {shop}.orders WHERE day = @date
SELECT APPROX_QUANTILES(amount, 100 IGNORE NULLS)[OFFSET(50)] AS median FROM {shop}.orders WHERE day = @date
SELECT PERCENTILE_CONT(amount, 0.5) OVER () AS median FROM {shop}.orders WHERE day = @date LIMIT 1
SELECT 'a' AS side, COUNT(*) AS n FROM {shop}.orders WHERE day = @date UNION ALL SELECT 'b', COUNT(*) FROM {shop}.customers
(SELECT order_id FROM {shop}.orders WHERE day = @date) EXCEPT DISTINCT (SELECT order_id FROM {shop}.orders WHERE day = DATE_SUB(@date, INTERVAL 1 DAY))
SELECT day FROM UNNEST(GENERATE_DATE_ARRAY(DATE_SUB(@date, INTERVAL 6 DAY), @date)) AS day LEFT JOIN (SELECT day, COUNT(*) AS n FROM {shop}.orders WHERE day >= DATE_SUB(@date, INTERVAL 6 DAY) GROUP BY day) USING (day) WHERE n IS NULL
SELECT order_id FROM {shop}.orders WHERE day = @date AND REGEXP_CONTAINS(status, r'^p.{3}$') AND status NOT LIKE '%;%'
SELECT order_id FROM {shop}.orders WHERE day = @date AND status IN UNNEST(['paid', 'open'])
SELECT order_id FROM {shop}.orders WHERE day IN (@date, DATE_SUB(@date, INTERVAL 1 DAY))
SELECT order_id FROM {shop}.orders WHERE @date = day AND created_at < @now
SELECT order_id FROM {shop}.orders WHERE (day = @date AND status = 'paid') OR (day = DATE_SUB(@date, INTERVAL 1 DAY) AND status = 'open')
SELECT ORDER_ID FROM {shop}.orders WHERE DAY = @date
SELECT `order_id` FROM `{shop}.orders` WHERE `day` = @date
SELECT orders.order_id FROM {shop}.orders WHERE orders.day = @date
SELECT x.n FROM (SELECT COUNT(*) AS n FROM {shop}.orders WHERE day = @date) AS x
SELECT LOGICAL_OR(status = 'failed') AS bad, ANY_VALUE(order_id HAVING MAX amount) AS greatest FROM {shop}.orders WHERE day = @date
SELECT DATETIME(created_at, 'Europe/Berlin') AS there, TIMESTAMP_DIFF(@now, created_at, MINUTE) AS age FROM {shop}.orders WHERE day = @date
SELECT FORMAT_TIMESTAMP('%H:%M', MAX(created_at), 'Europe/Berlin') AS last_at FROM {shop}.orders WHERE day = @date
SELECT MAX(created_at) AS last_at FROM {shop}.orders WHERE day >= '2026-01-01'
SELECT DATE_TRUNC(day, MONTH) AS month, SUM(amount) AS total FROM {shop}.orders WHERE day >= DATE_TRUNC(@date, MONTH) GROUP BY month
SELECT order_id FROM {shop}.orders WHERE day = @date ORDER BY amount DESC NULLS LAST LIMIT 10 OFFSET 5
SELECT NULL AS nothing, TRUE AS yes, 1e3 AS big, 0x1F AS hex, b'ab' AS raw, r'\d' AS pattern, DATE '2026-01-01' AS day
SELECT 1 AS n -- a comment; with DELETE FROM t
SELECT COLLATE(status, 'und:ci') AS status FROM {shop}.orders WHERE day = @date
SELECT DISTINCT status FROM {shop}.orders WHERE day = @date
SELECT AVG(tax) AS tax FROM {shop}.orders WHERE day = @date AND tax IS NOT DISTINCT FROM 0
SELECT SUM(IF(status = 'paid', amount, 0)) AS paid, COUNT(DISTINCT IF(status = 'paid', customer_id, NULL)) AS buyers FROM {shop}.orders WHERE day = @date
SELECT c.customer_id FROM {shop}.customers AS c, {shop}.orders AS o WHERE o.day = @date AND o.customer_id = c.customer_id
SELECT a.order_id FROM {shop}.orders AS a JOIN {shop}.orders AS b ON a.order_id = b.order_id AND b.day = @date WHERE a.day = @date AND b.day = @date
SELECT RANGE_CONTAINS(RANGE(@date, NULL), day) AS it FROM {shop}.orders WHERE day = @date
SELECT EXTRACT(DAYOFWEEK FROM day) AS weekday, COUNT(*) AS n FROM {shop}.orders WHERE day = @date GROUP BY weekday
SELECT ST_DISTANCE(ST_GEOGPOINT(0, 0), ST_GEOGPOINT(1, 1)) AS metres
SELECT TO_JSON_STRING(STRUCT(order_id)) AS it FROM {shop}.orders WHERE day = @date
SELECT NET.HOST('https://example.com') AS host, FARM_FINGERPRINT(status) AS mark FROM {shop}.orders WHERE day = @date
SELECT HLL_COUNT.MERGE(sketch) AS n FROM (SELECT HLL_COUNT.INIT(customer_id) AS sketch FROM {shop}.orders WHERE day = @date)
FROM {shop}.orders |> WHERE day = @date |> AGGREGATE COUNT(*) AS n GROUP BY status |> ORDER BY n DESC
FROM {shop}.orders |> WHERE day = @date |> SELECT order_id, amount |> LIMIT 5
FROM {shop}.orders |> WHERE day = @date |> EXTEND amount - tax AS net |> WHERE net < 0
FROM {shop}.orders AS o |> JOIN {shop}.customers AS c USING (customer_id) |> WHERE o.day = @date |> SELECT o.order_id, c.country
SELECT order_id FROM {shop}.orders WHERE day = @date |> AGGREGATE COUNT(*) AS n
SELECT d.day FROM (SELECT DISTINCT day FROM {shop}.orders WHERE day >= DATE_SUB(@date, INTERVAL 30 DAY)) AS d WHERE EXTRACT(DAYOFWEEK FROM d.day) = 1
SELECT CURRENT_TIMESTAMP() AS now
SELECT a, b FROM UNNEST([STRUCT(1 AS a, 2 AS b), (3, 4)])
SELECT key, value FROM UNNEST([STRUCT('x' AS key, 1 AS value)]) WHERE value > 0
SELECT customer_id, MAX_BY(status, created_at) AS latest FROM {shop}.orders WHERE day = @date GROUP BY customer_id
SELECT CAST(day AS STRING FORMAT 'YYYY-MM') AS month FROM {shop}.orders WHERE day = @date
SELECT COUNT(*) AS n FROM {shop}.orders AS o WHERE o.day = DATE(TIMESTAMP(@date), 'UTC')
SELECT t.order_id FROM {shop}.orders AS t WHERE t.day = @date AND 'gift' IN UNNEST(t.tags)
SELECT status, n FROM (SELECT status, COUNT(*) AS n FROM {shop}.orders WHERE day = @date GROUP BY status) AS s WHERE s.n > 1
SELECT day, n, AVG(n) OVER (ORDER BY UNIX_DATE(day) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AS usual FROM (SELECT day, COUNT(*) AS n FROM {shop}.orders WHERE day > DATE_SUB(@date, INTERVAL 8 DAY) AND day <= @date GROUP BY day)
SELECT COUNT(*) AS n FROM {shop}.customers AS c LEFT JOIN {shop}.orders AS o ON o.customer_id = c.customer_id AND o.day = @date
SELECT COUNT(*) AS n FROM {shop}.orders AS o JOIN {shop}.customers AS c ON o.customer_id = c.customer_id AND o.day = @date
SELECT COUNT(*) AS n FROM {shop}.orders JOIN {shop}.customers USING (customer_id) WHERE day = @date
SELECT COUNT(*) AS n FROM {shop}.orders, (SELECT 1 AS one) WHERE day = @date
SELECT n FROM (SELECT COUNT(*) AS n FROM {shop}.orders AS o INNER JOIN UNNEST([1, 2]) AS number ON o.order_id = number WHERE day = @date)
WITH a AS (SELECT * FROM {shop}.orders) SELECT COUNT(*) AS n FROM a WHERE day = @date
WITH a AS (SELECT day AS d, amount FROM {shop}.orders), b AS (SELECT d AS of_day, amount FROM a WHERE amount > 0) SELECT SUM(amount) AS total FROM b WHERE of_day = @date
WITH a AS (SELECT * EXCEPT (tags) REPLACE (amount / 100 AS amount) FROM {shop}.orders) SELECT x.amount FROM a AS x WHERE x.day BETWEEN @date AND @date
WITH a AS (SELECT * FROM {shop}.orders), c AS (SELECT * FROM {shop}.customers) SELECT COUNT(*) AS n FROM a JOIN c USING (customer_id) WHERE day = @date
WITH a AS (SELECT * FROM {shop}.orders) SELECT n.order_id FROM a AS n LEFT JOIN a AS o ON o.order_id = n.order_id AND o.day = DATE_SUB(@date, INTERVAL 1 DAY) WHERE n.day = @date AND o.order_id IS NULL
WITH a AS (SELECT day, order_id FROM {shop}.orders UNION ALL SELECT day, customer_id FROM {shop}.orders) SELECT COUNT(*) AS n FROM a WHERE day = @date
WITH a AS (SELECT * FROM {shop}.orders), b AS (SELECT * FROM a UNION ALL SELECT * FROM a) SELECT COUNT(*) AS n FROM b WHERE day = @date
WITH a AS (SELECT order_id AS id, day AS d FROM {shop}.orders UNION ALL SELECT customer_id, day FROM {shop}.orders) SELECT COUNT(*) AS n FROM a WHERE d = @date
SELECT n FROM (SELECT day, COUNT(*) AS n FROM {shop}.orders GROUP BY day) WHERE day = @date
SELECT n FROM (SELECT day AS d, status, COUNT(*) AS n FROM {shop}.orders GROUP BY 1, status) AS x WHERE x.d = @date
SELECT n FROM (SELECT day, status, COUNT(*) AS n FROM {shop}.orders GROUP BY ALL) WHERE day = @date
SELECT COUNT(*) AS n FROM {shop}.orders GROUP BY day HAVING day = @date
SELECT order_id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY day, customer_id ORDER BY created_at) AS place FROM {shop}.orders) WHERE day = @date AND place = 1
SELECT order_id FROM (SELECT *, LAG(amount) OVER w AS earlier FROM {shop}.orders WINDOW w AS (PARTITION BY day ORDER BY created_at)) WHERE day = @date AND earlier IS NULL
SELECT order_id FROM {shop}.orders WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY day ORDER BY created_at) = 1 AND day = @date
SELECT o.order_id FROM {shop}.customers AS c LEFT JOIN (SELECT * FROM {shop}.orders) AS o ON o.customer_id = c.customer_id AND o.day = @date
SELECT COUNT(*) AS n FROM (SELECT DISTINCT day, customer_id FROM {shop}.orders) WHERE day = @date
SELECT COUNT(*) AS n FROM (SELECT o.*, c.country FROM {shop}.orders AS o LEFT JOIN {shop}.customers AS c USING (customer_id)) WHERE day = @date AND country IS NULL
WITH a AS (SELECT * FROM {shop}.orders) SELECT (SELECT COUNT(*) FROM a WHERE day = @date) AS today, (SELECT COUNT(*) FROM a WHERE day = DATE_SUB(@date, INTERVAL 1 DAY)) AS before
WITH a AS (SELECT * FROM {shop}.orders ORDER BY created_at), b AS (SELECT * FROM a) SELECT customer_id FROM {shop}.customers WHERE customer_id IN (SELECT customer_id FROM b WHERE day = @date)
SELECT p.paid FROM (SELECT day, status, amount FROM {shop}.orders) PIVOT(SUM(amount) FOR status IN ('paid', 'open')) AS p WHERE p.day = @date
SELECT COUNT(*) AS n FROM {shop}.orders AS a JOIN (SELECT day, order_id FROM {shop}.orders) AS b USING (day, order_id) WHERE day = @date
FROM {shop}.orders |> EXTEND amount - tax AS net |> WHERE day = @date |> AGGREGATE SUM(net) AS net
FROM {shop}.orders |> AGGREGATE COUNT(*) AS n GROUP BY day |> WHERE day = @date
WITH a AS (SELECT * FROM (SELECT * FROM (SELECT * FROM {shop}.orders))) SELECT COUNT(*) AS n FROM (SELECT * FROM a) WHERE day >= @date AND day < DATE_ADD(@date, INTERVAL 1 DAY)
