//! Whatever is merged in whatever order of dates, versions and keys of facts are what a model says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use postgres::Client;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{RngCore, SeedableRng};
use starsink_tests::merging::{BROKEN, Hour, at, insert_fact, warehouse};

/// The ends of time, far off.
const BEGIN: Hour = -1_000_000;
const END: Hour = 1_000_000;
const PRODUCTS: u32 = 8;
const TYPE_1: [&str; 2] = ["sku", "image_url"];
const TYPE_2: [&str; 2] = ["category", "brand"];

fn hour_of(column: &str) -> String {
    format!(
        "CASE WHEN {column} = '-infinity' THEN {BEGIN} WHEN {column} = 'infinity' THEN {END}
         ELSE extract(epoch FROM {column} - timestamptz '2021-01-01 00:00+00')::bigint / 3600 END::bigint"
    )
}

fn literal(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".into(), |text| format!("'{text}'"))
}

type Row = BTreeMap<&'static str, Option<&'static str>>;

#[derive(Clone, Debug, Default, PartialEq)]
struct Counts {
    read: i64,
    inserted: i64,
    updated: i64,
    versioned: i64,
    unchanged: i64,
    rejected: i64,
}

struct Member {
    is_inferred: bool,
    firsts: Row,
    versions: Vec<(Hour, Row)>,
}

impl Member {
    fn new(is_inferred: bool) -> Member {
        let empty = |columns: [&'static str; 2]| columns.into_iter().map(|c| (c, None)).collect();
        Member {
            is_inferred,
            firsts: empty(TYPE_1),
            versions: vec![(BEGIN, empty(TYPE_2))],
        }
    }

    fn holding(&self, hour: Hour) -> usize {
        self.versions
            .iter()
            .rposition(|version| version.0 <= hour)
            .unwrap()
    }
}

#[derive(Default)]
struct Model {
    members: BTreeMap<String, Member>,
    facts: BTreeMap<String, (String, Hour)>,
}

impl Model {
    fn merge(&mut self, id: &str, row: &Row, effective: Hour, counts: &mut Counts) {
        let (firsts, seconds): (Row, Row) = row
            .iter()
            .map(|(&c, &v)| (c, v))
            .partition(|(c, _)| TYPE_1.contains(c));
        let Some(member) = self.members.get_mut(id) else {
            let mut member = Member::new(false);
            member.firsts.extend(firsts);
            member.versions[0].1.extend(seconds);
            self.members.insert(id.into(), member);
            counts.inserted += 1;
            return;
        };
        let held = member.holding(effective);
        let differs = |is: &Row, said: &Row| said.iter().any(|(c, v)| is[c] != *v);
        let first_differs = differs(&member.firsts, &firsts);
        let second_differs = differs(&member.versions[held].1, &seconds);
        member.firsts.extend(firsts);
        let is_split = second_differs && !member.is_inferred && member.versions[held].0 < effective;
        let is_changed = first_differs || second_differs || member.is_inferred;
        member.is_inferred = false;
        if is_split {
            let mut version = (effective, member.versions[held].1.clone());
            version.1.extend(seconds);
            member.versions.insert(held + 1, version);
            counts.versioned += 1;
        } else {
            member.versions[held].1.extend(seconds);
            *(if is_changed {
                &mut counts.updated
            } else {
                &mut counts.unchanged
            }) += 1;
        }
    }

    /// Every version of every member, as the table must have them.
    fn versions(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for (id, member) in &self.members {
            let now = &member.versions.last().unwrap().1;
            for (at, (from, seconds)) in member.versions.iter().enumerate() {
                let to = member.versions.get(at + 1).map_or(END, |next| next.0);
                rows.push(format!(
                    "{id} {:?} {:?} {:?} {:?} {:?} {} {from} {to} {}",
                    member.firsts["sku"],
                    member.firsts["image_url"],
                    seconds["category"],
                    seconds["brand"],
                    now["category"],
                    member.is_inferred,
                    to == END
                ));
            }
        }
        rows
    }
}

struct Story {
    dice: Pcg64Mcg,
    client: Client,
    model: Model,
}

impl Story {
    fn below(&mut self, limit: u32) -> u32 {
        self.dice.next_u32() % limit
    }

    fn product(&mut self) -> String {
        format!("p{}", self.below(PRODUCTS))
    }

    fn hour(&mut self) -> Hour {
        let (days, hours) = (self.below(10), self.below(6));
        i64::from(days) * 480 + if hours == 0 { 7 } else { 0 }
    }

    /// As ingestion does it: an unknown product becomes an inferred member, the fact gets the key of its time.
    fn fact(&mut self) {
        let (id, hour) = (self.product(), self.hour());
        if !self.model.members.contains_key(&id) {
            let insert = format!("INSERT INTO warehouse.dim_product (product_id) VALUES ('{id}')");
            self.client.batch_execute(&insert).unwrap();
            self.model.members.insert(id.clone(), Member::new(true));
        }
        let time = at(hour);
        let find = format!(
            "SELECT product_key FROM warehouse.dim_product WHERE product_id = '{id}' AND valid_from <= {time} AND valid_to > {time}"
        );
        let key: i32 = self.client.query_one(&find, &[]).unwrap().get(0);
        let event = format!("e{}", self.model.facts.len());
        insert_fact(&mut self.client, &event, &time, key);
        self.model.facts.insert(event, (id, hour));
    }

    fn value(&mut self) -> Option<&'static str> {
        [None, Some("a"), Some("b"), Some("c")][self.below(4) as usize]
    }

    /// A source with some columns and some products, now and then with rows that cannot be.
    fn source(&mut self, effective: Hour) -> Counts {
        let columns: Vec<&'static str> = TYPE_1
            .into_iter()
            .chain(TYPE_2)
            .filter(|_| self.dice.next_u32() % 10 < 7)
            .collect();
        let mut counts = Counts::default();
        let mut rows: Vec<(Option<String>, Row)> = Vec::new();
        for number in 0..PRODUCTS {
            if self.below(2) == 0 {
                continue;
            }
            let id = format!("p{number}");
            let mut row = Row::new();
            for &column in &columns {
                row.insert(column, self.value());
            }
            match self.below(100) {
                0..8 if !columns.is_empty() => {
                    let mut other = row.clone();
                    other.insert(columns[0], Some("other"));
                    rows.extend([(Some(id.clone()), row), (Some(id), other)]);
                    counts.rejected += 2;
                }
                8..14 => {
                    self.model.merge(&id, &row, effective, &mut counts);
                    rows.extend([
                        (Some(id.clone()), row.clone()),
                        (Some(format!(" {id}")), row),
                    ]);
                    counts.unchanged += 1;
                }
                14..18 => {
                    let bad = [
                        None,
                        Some("  ".into()),
                        Some("(unknown)".into()),
                        Some("x".repeat(256)),
                    ];
                    rows.push((bad[self.below(4) as usize].clone(), row));
                    counts.rejected += 1;
                }
                _ => {
                    self.model.merge(&id, &row, effective, &mut counts);
                    rows.push((Some(id), row));
                }
            }
        }
        counts.read = rows.len() as i64;
        let mut script = format!(
            "DROP TABLE IF EXISTS source; CREATE TABLE source (product_id text{});",
            columns
                .iter()
                .map(|c| format!(", {c} text"))
                .collect::<String>()
        );
        for (id, row) in &rows {
            let values: String = columns
                .iter()
                .map(|c| format!(", {}", literal(row[c])))
                .collect();
            script += &format!(
                "INSERT INTO source VALUES ({}{values});",
                literal(id.as_deref())
            );
        }
        self.client.batch_execute(&script).unwrap();
        counts
    }

    fn merge(&mut self, effective: Hour) -> (Counts, i64) {
        let query = format!(
            "SELECT (m).* FROM starsink.merge_product('source', {}) AS m",
            at(effective)
        );
        let row = self.client.query_one(&query, &[]).unwrap();
        let counts = Counts {
            read: row.get("rows_read"),
            inserted: row.get("inserted"),
            updated: row.get("updated"),
            versioned: row.get("versioned"),
            unchanged: row.get("unchanged"),
            rejected: row.get("rejected"),
        };
        (counts, row.get("rekeyed"))
    }

    fn assert_as_modelled(&mut self, context: &str) {
        let query = format!(
            "SELECT d.product_id, d.sku, d.image_url, d.category, d.brand, d.current_category, d.is_inferred, {}, {}, d.is_current
             FROM warehouse.dim_product AS d WHERE d.product_key > 0 ORDER BY d.product_id, d.valid_from",
            hour_of("d.valid_from"),
            hour_of("d.valid_to")
        );
        let rows = self.client.query(&query, &[]).unwrap();
        let found: Vec<String> = rows
            .iter()
            .map(|row| {
                let text = |n: usize| row.get::<_, Option<&str>>(n);
                format!(
                    "{} {:?} {:?} {:?} {:?} {:?} {} {} {} {}",
                    row.get::<_, &str>(0),
                    text(1),
                    text(2),
                    text(3),
                    text(4),
                    text(5),
                    row.get::<_, bool>(6),
                    row.get::<_, i64>(7),
                    row.get::<_, i64>(8),
                    row.get::<_, bool>(9)
                )
            })
            .collect();
        assert_eq!(found, self.model.versions(), "{context}");
        let query = format!(
            "SELECT f.event_id, d.product_id, {}, f.event_time >= d.valid_from AND f.event_time < d.valid_to
             FROM warehouse.fact_event AS f JOIN warehouse.dim_product AS d USING (product_key)",
            hour_of("f.event_time")
        );
        let rows = self.client.query(&query, &[]).unwrap();
        assert_eq!(rows.len(), self.model.facts.len(), "{context}");
        for row in rows {
            let (id, hour) = &self.model.facts[row.get::<_, &str>(0)];
            assert_eq!(
                (row.get::<_, &str>(1), row.get::<_, i64>(2)),
                (id.as_str(), *hour),
                "{context}"
            );
            assert!(
                row.get::<_, bool>(3),
                "{context}: the version of another time"
            );
        }
    }

    /// Where each row stands and who wrote it: a row that was touched stands elsewhere.
    fn places(&mut self) -> String {
        let query = "SELECT string_agg(p, ' ' ORDER BY p) FROM (
                 SELECT format('%s %s %s', tableoid, ctid, xmin) AS p FROM warehouse.dim_product
                 UNION ALL SELECT format('%s %s %s', tableoid, ctid, xmin) FROM warehouse.fact_event
                 UNION ALL SELECT format('%s %s %s', tableoid, ctid, xmin) FROM starsink.quarantine) AS t";
        self.client.query_one(query, &[]).unwrap().get(0)
    }
}

#[test]
fn random_merges_leave_what_the_model_says() {
    let pg = warehouse();
    for seed in 1..=5 {
        pg.sql(
            "TRUNCATE warehouse.fact_event, starsink.quarantine; DELETE FROM warehouse.dim_product WHERE product_key > 0",
        );
        let mut story = Story {
            dice: Pcg64Mcg::seed_from_u64(seed),
            client: pg.connect(pg.database()),
            model: Model::default(),
        };
        let (mut sum, mut moved) = (Counts::default(), 0);
        for step in 0..40 {
            let context = format!("seed {seed}, step {step}");
            for _ in 0..story.below(4) {
                story.fact();
            }
            let effective = story.hour();
            let expected = story.source(effective);
            let (counts, rekeyed) = story.merge(effective);
            assert_eq!(counts, expected, "{context}");
            story.assert_as_modelled(&context);

            let places = story.places();
            let again = Counts {
                read: expected.read,
                rejected: expected.rejected,
                unchanged: expected.read - expected.rejected,
                ..Counts::default()
            };
            assert_eq!(story.merge(effective), (again, 0), "{context}, again");
            assert_eq!(story.places(), places, "{context}: a second merge wrote");
            sum.inserted += counts.inserted;
            sum.updated += counts.updated;
            sum.versioned += counts.versioned;
            sum.rejected += counts.rejected;
            moved += rekeyed;
        }
        assert!(
            sum.inserted > 0
                && sum.updated > 20
                && sum.versioned > 20
                && sum.rejected > 5
                && moved > 10,
            "a story in which little happens: {sum:?}, {moved}"
        );
    }
    assert_eq!(pg.one::<i64>(BROKEN), 0);
}
