{#- Share of messages without any fault or mend, by hour. -#}
SELECT timezone(starsink.fold_time_zone(), hour) AS hour, score FROM starsink.quality WHERE code = '(all)' AND hour > now() - interval '7 days'
