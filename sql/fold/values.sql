-- Sets of devices, tallies and paths: what the columns of type bytea hold, and what reads them.

COMMENT ON FUNCTION starsink_internal.device_set_add(internal, bytea) IS 'Step of device_set_union and distinct_devices.';
GRANT EXECUTE ON FUNCTION starsink_internal.device_set_add(internal, bytea) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.device_set_final(internal) IS 'End of device_set_union.';
GRANT EXECUTE ON FUNCTION starsink_internal.device_set_final(internal) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.device_set_final_count(internal) IS 'End of distinct_devices.';
GRANT EXECUTE ON FUNCTION starsink_internal.device_set_final_count(internal) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.device_set_minus(bytea, bytea) IS 'Devices of the first set that are not in the second.';
GRANT EXECUTE ON FUNCTION starsink.device_set_minus(bytea, bytea) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.device_set_common(bytea, bytea) IS 'How many devices are in both sets.';
GRANT EXECUTE ON FUNCTION starsink.device_set_common(bytea, bytea) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.tally_add(internal, bytea) IS 'Step of tally_sum.';
GRANT EXECUTE ON FUNCTION starsink_internal.tally_add(internal, bytea) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.tally_final(internal) IS 'End of tally_sum.';
GRANT EXECUTE ON FUNCTION starsink_internal.tally_final(internal) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.tally_entries(bytea) IS 'Keys of a tally and their counts.';
GRANT EXECUTE ON FUNCTION starsink.tally_entries(bytea) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.tally_pick(bytea, integer[]) IS 'As tally_entries, of these keys alone; of all for NULL.';
-- What is picked is mostly little.
ALTER FUNCTION starsink_internal.tally_pick(bytea, integer[]) ROWS 20;
GRANT EXECUTE ON FUNCTION starsink_internal.tally_pick(bytea, integer[]) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.tally_top(bytea, integer) IS 'The n keys of a tally with the highest counts, highest first, with all that share the last place; all for NULL.';
ALTER FUNCTION starsink_internal.tally_top(bytea, integer) ROWS 20;
GRANT EXECUTE ON FUNCTION starsink_internal.tally_top(bytea, integer) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.tally_regroup(bytea, integer[], integer[]) IS 'The tally with each of the keys counted as the one at the same place of the second list; other keys are left out.';
GRANT EXECUTE ON FUNCTION starsink_internal.tally_regroup(bytea, integer[], integer[]) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.tally_total(bytea) IS 'Sum of the counts of a tally; 0 for NULL.';
GRANT EXECUTE ON FUNCTION starsink.tally_total(bytea) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.tally_percentile(bytea, double precision) IS 'percentile_cont over the keys of a tally, each as often as its count says; NULL of nothing.';
GRANT EXECUTE ON FUNCTION starsink.tally_percentile(bytea, double precision) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.session_views(bytea) IS 'Product views of fact_session.path, with how long each lasted and how long its customisation took, in microseconds.';
GRANT EXECUTE ON FUNCTION starsink.session_views(bytea) TO starsink_admin, starsink_reader;

CREATE AGGREGATE starsink.device_set_union(bytea) (SFUNC = starsink_internal.device_set_add, STYPE = internal, FINALFUNC = starsink_internal.device_set_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE starsink.device_set_union(bytea) IS 'Union of sets of devices; NULL of no rows.';
GRANT EXECUTE ON FUNCTION starsink.device_set_union(bytea) TO starsink_admin, starsink_reader;

CREATE AGGREGATE starsink.distinct_devices(bytea) (SFUNC = starsink_internal.device_set_add, STYPE = internal, FINALFUNC = starsink_internal.device_set_final_count, PARALLEL = SAFE);
COMMENT ON AGGREGATE starsink.distinct_devices(bytea) IS 'How many devices a union of sets holds, exactly.';
GRANT EXECUTE ON FUNCTION starsink.distinct_devices(bytea) TO starsink_admin, starsink_reader;

CREATE AGGREGATE starsink.tally_sum(bytea) (SFUNC = starsink_internal.tally_add, STYPE = internal, FINALFUNC = starsink_internal.tally_final, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE starsink.tally_sum(bytea) IS 'Sum of tallies, key by key; NULL where nothing is left.';
GRANT EXECUTE ON FUNCTION starsink.tally_sum(bytea) TO starsink_admin, starsink_reader;
