{#- Share of messages that were not put into quarantine, by hour. -#}
SELECT timezone(starsink.fold_time_zone(), hour) AS hour, score FROM starsink.quality WHERE code = '(all)' AND hour > now() - interval '7 days'
