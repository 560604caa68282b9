-- How far the results have come. Parts know the extremes of the column, so nothing is read.
SELECT toUnixTimestamp64Milli(max(window_start)) AS at_ms FROM e2e
