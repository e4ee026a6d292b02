//! How well user agents are read: accuracy by corpus, of woothee alone and of this project, and what reading costs.
//!
//! Takes corpora as files: JSON arrays as the npm packages `user-agents` and `crawler-user-agents` ship them (their
//! objects may also have `browser`, `os` and `isBot`), or the YAML of uap-core's tests. A plain array is of robots.
//! `--wrong` prints what was read wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::hint::black_box;
use std::time::Instant;

use serde_json::Value;
use starsink_core::event::event::Agent;
use starsink_core::event::user_agent::{Agents, parse};

/// A header, and what is known of it: browser, operating system, class of device, whether it is a robot's.
#[derive(Default)]
struct Case {
    header: String,
    names: [Option<String>; 3],
    is_bot: Option<bool>,
}

/// What somebody made of a header.
struct Reading {
    names: [String; 3],
    is_bot: bool,
}

fn main() {
    let (flags, paths): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    let start = Instant::now();
    black_box(parse("x"));
    let first_ms = start.elapsed().as_secs_f64() * 1e3;
    println!("right of all, in %; robots: found of all robots, false alarms of all people\n");
    println!(
        "{:<36} {:<8} {:>16} {:>16} {:>16} {:>16} {:>16}",
        "corpus", "by", "browser", "os", "device", "robots", "false alarms"
    );
    let mut headers = Vec::new();
    for path in &paths {
        let cases = load(path);
        for (by, read) in [
            ("woothee", woothee as fn(&str) -> Reading),
            ("starsink", starsink),
        ] {
            judge(
                path,
                by,
                &cases,
                read,
                by == "starsink" && !flags.is_empty(),
            );
        }
        headers.extend(cases.into_iter().map(|case| case.header));
    }
    cost(&headers, first_ms);
}

fn judge(path: &str, by: &str, cases: &[Case], read: fn(&str) -> Reading, is_wrong_shown: bool) {
    let mut right = [(0, 0); 5];
    for case in cases {
        let reading = read(&case.header);
        let mut count = |column: usize, is_right: bool, expected: &str, found: &str| {
            right[column].0 += usize::from(is_right);
            right[column].1 += 1;
            if is_wrong_shown && is_right == (column == 4) {
                println!("{column} {expected:?} {found:?} {}", case.header);
            }
        };
        for (column, (expected, found)) in case.names.iter().zip(&reading.names).enumerate() {
            if let Some(expected) = expected {
                count(column, alike(expected) == alike(found), expected, found);
            }
        }
        if let Some(is_bot) = case.is_bot {
            count(if is_bot { 3 } else { 4 }, reading.is_bot, "", "");
        }
    }
    print!("{:<36} {by:<8}", path.rsplit('/').next().unwrap_or(path));
    for (right, all) in right {
        let share = if all == 0 {
            "-".to_owned()
        } else {
            format!("{:.2}", 100.0 * f64::from(right as u32) / all as f64)
        };
        print!(" {share:>7} {:>8}", format!("({all})"));
    }
    println!();
}

fn starsink(header: &str) -> Reading {
    let Agent {
        browser,
        os,
        device_class,
        is_bot,
        ..
    } = parse(header);
    Reading {
        names: [browser, os, device_class.name().to_owned()],
        is_bot,
    }
}

fn woothee(header: &str) -> Reading {
    let found = woothee::parser::Parser::new()
        .parse(header)
        .unwrap_or_default();
    let class = match found.category {
        "smartphone" | "mobilephone" => "mobile",
        "pc" => "desktop",
        "crawler" => "bot",
        _ => "other",
    };
    Reading {
        names: [found.name.into(), found.os.into(), class.into()],
        is_bot: class == "bot",
    }
}

/// A name without what its authors disagree about: spelling, and editions of one browser or system.
fn alike(name: &str) -> String {
    const EDITIONS: &[&str] = &[
        "mobile",
        "browser",
        " ui/wkwebview",
        "webview",
        "internet",
        "microsoft",
        "web ",
        " lite",
        " turbo",
        " ios",
        "gnu/",
        "unknown",
    ];
    let name = EDITIONS
        .iter()
        .fold(name.to_lowercase(), |name, word| name.replace(word, ""));
    match name.trim() {
        "iphone" | "ipad" | "ipod" | "ipados" => "ios".into(),
        "mac osx" | "mac os x" | "macos" => "mac".into(),
        "explorer" => "ie".into(),
        "miui" => "mi".into(),
        "amazon silk" => "silk".into(),
        "up." | "openwave" => "openwave".into(),
        "web0s" => "webos".into(),
        "android tv" | "fire os" | "wear os" | "mocordroid" | "cyanogenmod" | "lineage os" => {
            "android".into()
        }
        "other" => String::new(),
        name if name.starts_with("windows") && !name.contains("phone") => "windows".into(),
        name if name.starts_with("windows phone") => "windows phone".into(),
        name => name.replace(' ', ""),
    }
}

fn cost(headers: &[String], first_ms: f64) {
    let distinct: HashSet<&String> = headers.iter().collect();
    let mut micros: Vec<f64> = distinct
        .iter()
        .map(|header| {
            let start = Instant::now();
            black_box(parse(header));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let mut agents = Agents::default();
    let few: Vec<&&String> = distinct.iter().take(1_000).collect();
    few.iter().for_each(|header| drop(agents.read(header)));
    let start = Instant::now();
    for _ in 0..100 {
        few.iter()
            .for_each(|header| drop(black_box(agents.read(header))));
    }
    let cached = start.elapsed().as_secs_f64() * 1e9 / (100 * few.len()).max(1) as f64;
    let at = |share: f64| {
        micros
            .get((micros.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "\nfirst header {first_ms:.0} ms; {} headers, uncached: p50 {:.1} µs, p99 {:.1} µs, most {:.0} µs; cached {cached:.0} ns",
        micros.len(),
        at(0.5),
        at(0.99),
        at(0.99999)
    );
}

fn load(path: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(path).expect("a corpus");
    if path.ends_with(".yaml") {
        return text
            .split("- user_agent_string:")
            .skip(1)
            .map(|case| of_yaml(case, path.contains("_os")))
            .collect();
    }
    let rows: Vec<Value> = serde_json::from_str(&text).expect("a JSON array");
    let robot = |header: &Value| Case {
        header: header.as_str().unwrap_or_default().to_owned(),
        is_bot: Some(true),
        ..Case::default()
    };
    let of_row = |row: &Value| match row["instances"].as_array() {
        Some(instances) => instances.iter().map(robot).collect(),
        None if row.is_string() => vec![robot(row)],
        None => vec![Case {
            header: row["userAgent"].as_str().unwrap_or_default().to_owned(),
            names: ["browser", "os", "deviceCategory"]
                .map(|key| row[key].as_str().map(str::to_owned)),
            is_bot: row["isBot"]
                .as_bool()
                .or(row["deviceCategory"].is_string().then_some(false)),
        }],
    };
    rows.iter().flat_map(of_row).collect()
}

fn of_yaml(case: &str, is_os: bool) -> Case {
    let word = |text: &str| text.trim().trim_matches(['\'', '"']).replace("''", "'");
    let family = case
        .lines()
        .find_map(|line| line.trim().strip_prefix("family:"))
        .map(word);
    let names = if is_os {
        [None, family, None]
    } else {
        [family, None, None]
    };
    Case {
        header: word(case.lines().next().unwrap_or_default()),
        names,
        is_bot: None,
    }
}
