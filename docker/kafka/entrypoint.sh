#!/bin/bash
# The broker's container: formats its storage where there is none, becomes the broker.
#   OUTSIDE_PORT   the host's port that leads to the listener OUTSIDE (9092)
#   KAFKA_HEAP     memory of the JVM (512m)
set -euo pipefail

java=(java "-Xmx${KAFKA_HEAP:-512m}" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp '/opt/kafka/*')
if [ ! -e /var/lib/kafka/meta.properties ]; then
    id=$("${java[@]}" kafka.tools.StorageTool random-uuid)
    "${java[@]}" kafka.tools.StorageTool format --cluster-id "$id" --config /etc/kafka/server.properties
fi
# Whoever connects is sent on to what is advertised.
exec "${java[@]}" kafka.Kafka /etc/kafka/server.properties \
    --override "advertised.listeners=INSIDE://kafka:19092,OUTSIDE://localhost:${OUTSIDE_PORT:-9092}"
