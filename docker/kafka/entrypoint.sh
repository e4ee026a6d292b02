#!/bin/bash
# The broker's container: formats its storage where there is none, becomes the broker.
set -euo pipefail

java=(java "-Xmx${KAFKA_HEAP:-512m}" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp '/opt/kafka/*')
if [ ! -e /var/lib/kafka/meta.properties ]; then
    id=$("${java[@]}" kafka.tools.StorageTool random-uuid)
    "${java[@]}" kafka.tools.StorageTool format --cluster-id "$id" --config /etc/kafka/server.properties
fi
exec "${java[@]}" kafka.Kafka /etc/kafka/server.properties
