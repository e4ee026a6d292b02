//! A batch: what one transaction writes, made ready off the main thread. Accepted events are rows of
//! PostgreSQL's binary COPY format in one buffer; their dimension members stand beside them, each once; the main
//! thread has only to find the members' keys and put them in the rows.
//!
//! # Layout
//! - [`members`]  the distinct dimension members of the batch; [`naming`] how an event names them
//! - [`choices`]  alloys, stones and their combinations as members
//! - [`lines`]    lines of orders
//! - [`row`]      the binary row: where each column stands
//! - [`span`]     what was received per partition; [`share`] which partitions a worker has
//! - [`latency`]  from Kafka's timestamp to the commit

pub mod choices;
pub mod latency;
pub mod lines;
pub mod members;
mod naming;
pub mod row;
pub mod share;
pub mod span;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hashbrown::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use self::choices::{Chosen, Part};
use self::lines::Line;
use self::members::Members;
use self::row::RowWriter;
use self::span::Span;
use crate::dimension::table::Dimension;
use crate::event::choice;
use crate::event::code::{Code, Codes};
use crate::event::event::{Event, Outcome};
use crate::event::order::OrderLine;
use crate::event::policy::Policy;
use crate::event::price::currency_token;
use crate::event::reader::Reader;
use crate::event::scalar::Key;
use crate::time::calendar::Calendar;

/// Where a message comes from, and the message.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since the Unix epoch; -1 if the message has none.
    pub time_ms: i64,
    pub key: Option<&'a [u8]>,
    pub payload: Option<&'a [u8]>,
}

impl Origin<'_> {
    /// Range of plausible timestamps in milliseconds: earlier ones, and those further ahead of now than that, are in
    /// another unit (seconds lie in 1970, microseconds in the far future) or come from no clock.
    const OLDEST_MS: i64 = 946_684_800_000;
    const MOST_AHEAD_MS: i64 = 3_600_000;

    /// Drops an implausible timestamp. `now`: microseconds since the Unix epoch.
    fn in_time(self, now: i64) -> Self {
        let latest = (now / 1_000).saturating_add(Self::MOST_AHEAD_MS);
        if (Self::OLDEST_MS..=latest).contains(&self.time_ms) {
            self
        } else {
            Origin {
                time_ms: -1,
                ..self
            }
        }
    }
}

/// A message that goes to quarantine.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// Index into [`Batch::spans`].
    pub span: usize,
    pub offset: i64,
    pub time_ms: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub codes: Codes,
    pub detail: String,
}

/// What the main thread needs to know of a row beside its image.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where the image ends in [`Batch::image`]; it begins where the one before ends.
    pub end: usize,
    /// Index into [`Batch::spans`].
    pub span: usize,
    pub offset: i64,
    pub time_ms: i64,
    /// Microseconds since the Unix epoch.
    pub event_time: i64,
    pub payload_hash: i64,
    /// Per dimension: an index into its members, or a special key below zero.
    pub members: [i32; Dimension::COUNT],
    raw_start: usize,
    key_len: Option<u32>,
    payload_len: u32,
}

/// One batch under construction or on its way.
pub struct Batch {
    pub spans: Vec<Span>,
    pub rows: Vec<Row>,
    pub image: Vec<u8>,
    pub members: [Members; Dimension::COUNT],
    /// Parts of each option combination, by its member's index.
    pub combinations: Vec<Vec<Part>>,
    /// Lines of orders, in the order of their rows.
    pub lines: Vec<Line>,
    pub rejected: Vec<Rejected>,
    /// Earliest and latest event time of the rows, microseconds since the Unix epoch.
    pub event_times: Option<(i64, i64)>,
    raw: Vec<u8>,
    seen: HashMap<u128, usize>,
    agents: HashMap<u128, [i32; 3]>,
    messages: usize,
    /// Bytes of what is counted one by one: rejected messages, lines, parts of combinations.
    counted_bytes: usize,
}

/// What every batch of a worker has in common.
pub struct Frame {
    pub topic: String,
    pub policy: Policy,
    pub calendar: Calendar,
    /// Random per process: natural keys are hashed with it, so that nobody can prepare collisions.
    pub seed: u64,
}

impl Frame {
    pub fn new(topic: &str, policy: &Policy, seed: u64) -> Frame {
        Frame {
            topic: topic.to_owned(),
            policy: policy.clone(),
            calendar: Calendar::new(policy.time_zone),
            seed,
        }
    }
}

impl Batch {
    pub fn new() -> Batch {
        Batch {
            spans: Vec::new(),
            rows: Vec::new(),
            image: Vec::new(),
            members: Dimension::ALL.map(Members::new),
            combinations: Vec::new(),
            lines: Vec::new(),
            rejected: Vec::new(),
            event_times: None,
            raw: Vec::new(),
            seen: HashMap::new(),
            agents: HashMap::new(),
            messages: 0,
            counted_bytes: 0,
        }
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.spans.clear();
        self.rows.clear();
        self.image.clear();
        self.members.iter_mut().for_each(Members::clear);
        self.combinations.clear();
        self.lines.clear();
        self.rejected.clear();
        self.event_times = None;
        self.raw.clear();
        self.seen.clear();
        self.agents.clear();
        self.messages = 0;
        self.counted_bytes = 0;
    }

    /// Messages received.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// Bytes held, near enough to bound memory: of everything that a message can make many of.
    pub fn bytes(&self) -> usize {
        /// An entry of a hash table and the room that is free beside it.
        const SEEN: usize = 2 * size_of::<(u128, usize)>();
        const AGENT: usize = 2 * size_of::<(u128, [i32; 3])>();
        let members: usize = self.members.iter().map(Members::bytes).sum();
        self.image.len()
            + self.raw.len()
            + self.counted_bytes
            + members
            + self.rows.len() * (size_of::<Row>() + SEEN)
            + self.agents.len() * AGENT
    }

    /// Nothing to commit: no message and no position that moved.
    pub fn is_empty(&self) -> bool {
        self.spans
            .iter()
            .all(|span| span.next == span.first && span.received == 0)
    }

    /// The span of a partition, begun at `position` if it is new.
    pub fn span(&mut self, partition: i32, position: i64) -> usize {
        match self
            .spans
            .iter()
            .rposition(|span| span.partition == partition)
        {
            Some(index) => index,
            None => {
                self.spans.push(Span::new(partition, position));
                self.spans.len() - 1
            }
        }
    }

    /// Reads one message and puts it where it belongs. `now`: microseconds since the Unix epoch.
    pub fn add(
        &mut self,
        frame: &mut Frame,
        reader: &mut Reader,
        span: usize,
        origin: &Origin<'_>,
        now: i64,
    ) {
        self.messages += 1;
        let origin = &origin.in_time(now);
        self.spans[span].receive(origin);
        self.guarded(span, origin, |batch| {
            match reader.read(origin.payload, now) {
                Outcome::Accepted(event) => batch.accept(frame, span, origin, &event),
                Outcome::Dropped(_) => batch.spans[span].dropped += 1,
                Outcome::Quarantined { codes, detail } => batch.reject(span, origin, codes, detail),
            }
        });
    }

    /// Processes a message with `work`. If `work` panics, the message goes to quarantine and the others go on:
    /// otherwise it would be read again and again, and nothing behind it would ever be loaded.
    fn guarded(&mut self, span: usize, origin: &Origin<'_>, work: impl FnOnce(&mut Batch)) {
        let (rows, lines) = (self.rows.len(), self.lines.len());
        let (image, raw) = (self.image.len(), self.raw.len());
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_ok() {
            return;
        }
        self.rows.truncate(rows);
        self.lines.truncate(lines);
        self.image.truncate(image);
        self.raw.truncate(raw);
        self.seen.retain(|_, row| *row < rows);
        // A member without its parts, or an agent without its members, is one that nothing refers to.
        let combinations = &self.members[Dimension::OptionCombination as usize];
        self.combinations
            .resize_with(combinations.hashes.len(), Vec::new);
        self.reject(
            span,
            origin,
            Codes::of(Code::DecodeFailed),
            "starsink failed as it read the message".to_owned(),
        );
    }

    fn accept(&mut self, frame: &mut Frame, span: usize, origin: &Origin<'_>, event: &Event<'_>) {
        let payload = origin.payload.unwrap_or_default();
        let payload_hash = xxh3_64(payload) as i64;
        let identity = xxh3_128_with_seed(event.id.as_bytes(), frame.seed ^ event.time as u64);
        if let Some(&row) = self.seen.get(&identity) {
            if self.rows[row].payload_hash == payload_hash {
                self.spans[span].duplicates += 1;
            } else {
                self.reject(
                    span,
                    origin,
                    Codes::of(Code::DupSynthetic),
                    synthetic_detail(),
                );
            }
            return;
        }
        self.seen.insert(identity, self.rows.len());
        let members = self.intern(frame.seed, &frame.policy, event);
        self.add_lines(frame, event);
        RowWriter::new(&mut self.image).write(frame, origin, event, payload_hash);
        let raw_start = self.raw.len();
        self.raw.extend_from_slice(origin.key.unwrap_or_default());
        self.raw.extend_from_slice(payload);
        self.rows.push(Row {
            end: self.image.len(),
            span,
            offset: origin.offset,
            time_ms: origin.time_ms,
            event_time: event.time,
            payload_hash,
            members,
            raw_start,
            key_len: origin.key.map(|key| key.len() as u32),
            payload_len: payload.len() as u32,
        });
        let (first, last) = self.event_times.unwrap_or((event.time, event.time));
        self.event_times = Some((first.min(event.time), last.max(event.time)));
    }

    /// The lines of the event's order, for the row that comes next.
    fn add_lines(&mut self, frame: &mut Frame, event: &Event<'_>) {
        let Some(order_id) = event.order_id.as_deref() else {
            return;
        };
        let (date_key, time_key) = frame.calendar.day_and_minute(event.time);
        for line in &event.lines {
            let chosen = self.choose(frame.seed, line);
            let line = Line {
                row: self.rows.len(),
                number: line.line,
                date_key,
                time_key,
                is_bot: event.agent.is_bot,
                order_id: order_id.to_owned(),
                product: match &line.product_id {
                    Key::Some(id) => {
                        self.members[Dimension::Product as usize].natural(frame.seed, id)
                    }
                    Key::Absent => members::NOT_APPLICABLE,
                    Key::Refused => members::UNKNOWN,
                },
                alloy: chosen.alloy,
                stone: chosen.stone,
                combination: chosen.combination,
                quantity: line.quantity.map(|quantity| quantity.to_string()),
                unit_price: line.unit_price.map(|price| price.to_string()),
                currency: line.currency.as_deref().map(currency_token),
            };
            self.counted_bytes += line.bytes();
            self.lines.push(line);
        }
    }

    fn choose(&mut self, seed: u64, line: &OrderLine<'_>) -> Chosen {
        let expanded = choice::expand(line.option.as_deref(), None);
        let combinations = self.combinations.len();
        let chosen = choices::intern(
            &mut self.members,
            &mut self.combinations,
            seed,
            &expanded.choices,
        );
        self.counted_bytes += parts_bytes(&self.combinations[combinations..]);
        chosen
    }

    /// The lines of these rows.
    pub fn lines_of(&self, rows: &Range<usize>) -> Range<usize> {
        let at = |row: usize| self.lines.partition_point(|line| line.row < row);
        at(rows.start)..at(rows.end)
    }

    /// Members of a dimension that these rows and their order lines refer to.
    pub fn referred_to(
        &self,
        rows: Range<usize>,
        dimension: Dimension,
    ) -> impl Iterator<Item = usize> {
        let mut members: Vec<i32> = self.rows[rows.clone()]
            .iter()
            .map(|row| row.members[dimension as usize])
            .collect();
        let lines = self.lines[self.lines_of(&rows)].iter();
        match dimension {
            Dimension::Product => members.extend(lines.map(|line| line.product)),
            Dimension::OptionCombination => members.extend(lines.map(|line| line.combination)),
            Dimension::AlloyOption | Dimension::DiamondOption => {
                let combinations = self.rows[rows.clone()]
                    .iter()
                    .map(|row| row.members[Dimension::OptionCombination as usize])
                    .chain(lines.map(|line| line.combination))
                    .filter_map(|member| usize::try_from(member).ok());
                members.extend(
                    combinations
                        .flat_map(|combination| &self.combinations[combination])
                        .filter(|part| part.dimension == dimension)
                        .map(|part| part.member),
                );
            }
            _ => {}
        }
        members
            .into_iter()
            .filter_map(|member| usize::try_from(member).ok())
    }

    fn reject(&mut self, span: usize, origin: &Origin<'_>, codes: Codes, detail: String) {
        self.spans[span].quarantined += 1;
        let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        self.counted_bytes += size_of::<Rejected>()
            + detail.len()
            + origin.payload.map_or(0, <[u8]>::len)
            + origin.key.map_or(0, <[u8]>::len);
        self.rejected.push(Rejected {
            span,
            offset: origin.offset,
            time_ms: origin.time_ms,
            key: owned(origin.key),
            payload: owned(origin.payload),
            codes,
            detail,
        });
    }

    /// The image of one row.
    pub fn row_image(&self, row: usize) -> &[u8] {
        &self.image[self.row_start(row)..self.rows[row].end]
    }

    /// Where the image of a row begins.
    pub fn row_start(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.rows[row - 1].end }
    }

    /// Sets these flags of a row to `found`: they depend on the tables.
    pub fn set_flags(&mut self, row: usize, these: Codes, found: Codes) {
        let start = self.row_start(row);
        row::set_flags(&mut self.image[start..self.rows[row].end], these, found);
    }

    /// The event id of a row, read back from its image.
    pub fn event_id(&self, row: usize) -> &str {
        row::event_id(self.row_image(row))
    }

    /// A row on its way to quarantine after all.
    pub fn rejected_row(&self, row: usize, code: Code, detail: String) -> Rejected {
        let at = &self.rows[row];
        let key_len = at.key_len.unwrap_or(0) as usize;
        let payload_start = at.raw_start + key_len;
        Rejected {
            span: at.span,
            offset: at.offset,
            time_ms: at.time_ms,
            key: at
                .key_len
                .map(|_| self.raw[at.raw_start..payload_start].to_vec()),
            payload: Some(
                self.raw[payload_start..payload_start + at.payload_len as usize].to_vec(),
            ),
            codes: Codes::of(code),
            detail,
        }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes held by combinations' parts, about.
fn parts_bytes(combinations: &[Vec<Part>]) -> usize {
    let parts = combinations.iter();
    parts
        .map(|parts| size_of::<Vec<Part>>() + parts.len() * size_of::<Part>())
        .sum()
}

/// The sentence beside `DUP_SYNTHETIC`.
pub fn synthetic_detail() -> String {
    "another message with the same id and time has a different payload".to_owned()
}

#[cfg(test)]
mod tests;
