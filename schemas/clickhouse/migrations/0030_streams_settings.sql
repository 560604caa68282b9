-- As for the other tables that the processor fills.
ALTER TABLE streams MODIFY SETTING non_replicated_deduplication_window = 20000, min_bytes_for_wide_part = 134217728
