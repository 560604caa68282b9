-- More parts in each merge, and so fewer times that a row is written again.
ALTER TABLE e2e MODIFY SETTING min_parts_to_merge_at_once = 16
