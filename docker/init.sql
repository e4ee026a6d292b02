-- Run once, in the database shop, when the container's cluster is made.
CREATE EXTENSION starsink;
ALTER SYSTEM SET starsink.database = 'shop';
ALTER SYSTEM SET starsink.bootstrap_servers = 'kafka:19092';
ALTER SYSTEM SET starsink.topic = 'product_events';
