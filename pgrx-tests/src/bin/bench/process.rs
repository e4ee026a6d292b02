//! What a process and its threads have used, from /proc.

use std::collections::HashMap;
use std::fs;

/// CPU seconds of a process's threads, by what they are for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    pub fetch: f64,
    pub decode: f64,
    pub write: f64,
}

impl Cpu {
    pub fn of(pids: &[i32]) -> Cpu {
        let mut sum = Cpu::default();
        for pid in pids {
            for (name, seconds) in threads(*pid) {
                match name.as_str() {
                    "starsink decode" => sum.decode += seconds,
                    name if name.starts_with("rdk:") || name == "starsink scout" => {
                        sum.fetch += seconds
                    }
                    _ => sum.write += seconds,
                }
            }
        }
        sum
    }

    pub fn total(self) -> f64 {
        self.fetch + self.decode + self.write
    }

    pub fn since(self, before: Cpu) -> Cpu {
        Cpu {
            fetch: self.fetch - before.fetch,
            decode: self.decode - before.decode,
            write: self.write - before.write,
        }
    }
}

fn threads(pid: i32) -> HashMap<String, f64> {
    let mut times = HashMap::new();
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return times;
    };
    for task in tasks.flatten() {
        let Ok(stat) = fs::read_to_string(task.path().join("stat")) else {
            continue;
        };
        let (Some(start), Some(end)) = (stat.find('('), stat.rfind(')')) else {
            continue;
        };
        let fields: Vec<&str> = stat[end + 2..].split(' ').collect();
        // utime and stime are fields 14 and 15 of the whole line, in hundredths of a second.
        let ticks: f64 = [11, 12]
            .iter()
            .filter_map(|&field| fields[field].parse::<f64>().ok())
            .sum();
        *times.entry(stat[start + 1..end].to_owned()).or_default() += ticks / 100.0;
    }
    times
}

/// A size in /proc/<pid>/status, in megabytes.
pub fn status_mb(pid: i32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or(":0");
    line.trim_start_matches(':')
        .split_whitespace()
        .next()
        .and_then(|kb| kb.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}
