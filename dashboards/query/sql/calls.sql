-- The calls that were going on in a span of time, one page, in the order that was asked for.
WITH
    toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1 AS first_day, -- a call over midnight begins on the day before
    toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC') AS last_day
SELECT
    call_id,
    min(calls.first_seen) AS began,
    max(calls.last_seen) AS ended,
    dateDiff('millisecond', began, ended) AS lasted_ms,
    uniqExactMerge(calls.clients) AS n_clients,
    uniqExactMerge(calls.sfus) AS n_sfus,
    arraySort(groupUniqArrayArray(calls.countries)) AS all_countries,
    arraySort(groupUniqArrayArray(calls.sfu_regions)) AS all_regions,
    sum(calls.samples) AS n_samples,
    sum(calls.late_samples) AS n_late,
    sum(calls.windows) AS n_windows,
    sum(calls.complete) AS n_complete,
    sum(calls.imputed) AS n_imputed,
    sum(calls.partial) AS n_partial,
    sum(calls.rtt_count) AS n_rtt,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(calls.rtt)) AS rtt_quantiles,
    toFloat32(max(calls.rtt_max_us) / 1000) AS rtt_highest,
    sum(calls.mouth_to_ear_count) AS n_mouth_to_ear,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(calls.mouth_to_ear)) AS mouth_to_ear_quantiles,
    toFloat32(max(calls.mouth_to_ear_max_us) / 1000) AS mouth_to_ear_highest,
    toFloat32(sum(calls.audio_score_sum_milli) / nullIf(sum(calls.audio_score_count), 0) / 1000) AS audio_mos,
    toFloat32(sum(calls.video_score_sum_milli) / nullIf(sum(calls.video_score_count), 0) / 1000) AS video_index,
    toFloat32(sum(calls.audio_loss_sum_ppm + calls.video_loss_sum_ppm)
        / nullIf(sum(calls.audio_loss_count + calls.video_loss_count), 0) / 1000000) AS loss_mean,
    toFloat32(sum(calls.bad) / nullIf(n_windows, 0)) AS bad_share,
    [sum(calls.blame_sender), sum(calls.blame_receiver), sum(calls.blame_uplink), sum(calls.blame_downlink),
        sum(calls.blame_sfu_link)] AS blamed,
    sum(calls.relay) > 0 AS any_relay,
    sum(calls.tcp + calls.tls) > 0 AS any_tcp,
    sum(calls.ipv6) > 0 AS any_ipv6,
    ifNull({sign:Int8} * multiIf(
        {sort:String} = 'first_seen', toFloat64(toUnixTimestamp64Micro(assumeNotNull(began))),
        {sort:String} = 'duration', toFloat64(lasted_ms),
        {sort:String} = 'clients', toFloat64(n_clients),
        {sort:String} = 'rtt', if(n_rtt = 0, NULL, toFloat64(rtt_quantiles[2])),
        {sort:String} = 'mouth_to_ear', if(n_mouth_to_ear = 0, NULL, toFloat64(mouth_to_ear_quantiles[2])),
        {sort:String} = 'score', toFloat64(audio_mos),
        {sort:String} = 'bad', toFloat64(bad_share),
        toFloat64(toUnixTimestamp64Micro(assumeNotNull(ended)))), -1e300) AS sort_key -- what has none comes last
FROM calls
WHERE tenant = {tenant:String}
    AND day >= first_day
    AND day <= last_day
    AND ({call:String} = '' OR call_id = {call:String})
    AND ({search:String} = '' OR positionCaseInsensitiveUTF8(call_id, {search:String}) > 0)
    AND ({by_people:Bool} = 0 OR call_id IN
    (
        SELECT call_id
        FROM participants
        WHERE {by_people:Bool} = 1
            AND tenant = {tenant:String}
            AND day >= first_day
            AND day <= last_day
            AND ({client:String} = '' OR client_id = {client:String})
        GROUP BY call_id, client_id
        HAVING (empty({users:Array(String)}) OR has({users:Array(String)}, max(user_id)))
            AND ({version:String} = '' OR max(app_version) = {version:String})
            AND ({browser:String} = '' OR max(browser) = {browser:String})
            AND ({country:String} = '' OR max(country) = {country:String})
    ))
GROUP BY call_id
HAVING began < fromUnixTimestamp64Milli({to_ms:Int64})
    AND ended >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND ({region:String} = '' OR has(all_regions, {region:String}))
    AND (isNull({turn:Nullable(Bool)}) OR any_relay = {turn:Nullable(Bool)})
    AND (isNull({live:Nullable(Bool)}) OR (ended > fromUnixTimestamp64Milli({live_ms:Int64})) = {live:Nullable(Bool)})
    AND (isNull({min_rtt:Nullable(Float64)}) OR (n_rtt > 0 AND rtt_quantiles[2] >= {min_rtt:Nullable(Float64)}))
    AND (isNull({max_score:Nullable(Float64)}) OR audio_mos <= {max_score:Nullable(Float64)})
    AND lasted_ms >= {min_ms:Int64}
    AND ({max_ms:Int64} = 0 OR lasted_ms <= {max_ms:Int64})
    AND n_clients >= {min_clients:UInt32}
    AND n_windows >= {min_windows:UInt32}
    AND (isNull({after_key:Nullable(Float64)}) OR sort_key < {after_key:Nullable(Float64)}
        OR (sort_key = {after_key:Nullable(Float64)} AND call_id > {after_call:String}))
ORDER BY sort_key DESC, call_id
LIMIT {limit:UInt32}
