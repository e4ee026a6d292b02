{#- Rules of alerting: firing ones first. -#}
SELECT rule, state, severity, value, threshold, timezone(starsink.fold_time_zone(), since) AS since, description,
       CASE state WHEN 'firing' THEN 1 WHEN 'pending' THEN 2 ELSE 3 END AS place
FROM starsink.alerts
