-- What rows are found by.
INSERT INTO erasing (erasure_id, what, call_id, name)
SELECT {id:String}, noted.1, noted.2, noted.3
FROM (SELECT arrayJoin(arrayZip({what:Array(String)}, {calls:Array(String)}, {names:Array(String)})) AS noted)
