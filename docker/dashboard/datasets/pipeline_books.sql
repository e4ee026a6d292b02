{#- received = loaded + duplicates + dropped + quarantined. -#}
SELECT topic, partition, received, loaded, duplicates, dropped, quarantined, difference, lost FROM starsink.reconciliation
