-- Since when there are observations of each tenant.
SELECT tenant, toUnixTimestamp64Milli(min(window_start)) AS at_ms
FROM observations
WHERE window_ms = {window_ms:UInt32}
GROUP BY tenant
