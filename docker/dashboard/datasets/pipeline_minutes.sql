{#- Messages by minute, and what became of them. -#}
SELECT timezone(starsink.fold_time_zone(), date_trunc('minute', committed_at)) AS minute, sum(loaded) AS loaded, sum(duplicates) AS duplicates,
       sum(quarantined) AS quarantined, sum(dropped) AS dropped
FROM starsink.ledger
WHERE committed_at > now() - interval '60 minutes' AND kind <> 'redrive'
GROUP BY 1
