{#- Validation codes of the last seven days, and what becomes of their messages. -#}
SELECT q.code, c.action, sum(q.events)::bigint AS events, max(c.meaning) AS meaning
FROM starsink.quality AS q
JOIN starsink.codes AS c ON c.code = q.code
WHERE q.hour > now() - interval '7 days'
GROUP BY q.code, c.action
