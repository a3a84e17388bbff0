SELECT COUNT(*) AS number
FROM {{ source('main', 'orders') }}
WHERE order_date = (SELECT MAX(order_date) FROM {{ source('main', 'orders') }})
HAVING COUNT(*) NOT BETWEEN 70 AND 110
