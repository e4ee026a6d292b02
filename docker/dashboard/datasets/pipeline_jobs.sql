{#- What the steward does, when, and how it stands. -#}
SELECT name, schedule, state, timezone(starsink.fold_time_zone(), last_run) AS last_run, timezone(starsink.fold_time_zone(), next_run) AS next_run,
       COALESCE(last_error, '') AS last_error, description
FROM starsink.jobs
