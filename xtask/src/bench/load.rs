use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::shell;

/// What a round of load found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Load {
    /// Answers per second.
    pub(super) requests: f64,
    /// Milliseconds that half of the answers took at most.
    pub(super) median: f64,
    /// Milliseconds that 99 of 100 answers took at most.
    pub(super) slow: f64,
}

impl Load {
    /// The one with more answers per second.
    pub(super) fn better(self, other: Self) -> Self {
        if other.requests > self.requests { other } else { self }
    }
}

/// Puts `path` under load from 64 connections.
pub(super) fn run(port: u16, path: &str, seconds: u32, header: &str) -> Result<Load> {
    wrk(port, path, seconds, &["-H", header])
}

/// The same with requests from a script.
pub(super) fn with_script(port: u16, path: &str, seconds: u32, script: &Path) -> Result<Load> {
    wrk(port, path, seconds, &["-s", script.to_str().context("a path that is no text")?])
}

fn wrk(port: u16, path: &str, seconds: u32, extra: &[&str]) -> Result<Load> {
    let duration = format!("-d{seconds}s");
    let mut command = shell::program("wrk", ["-t1", "-c64", &duration, "--latency", "--timeout", "10s"]);
    command.args(extra).arg(format!("http://127.0.0.1:{port}{path}"));
    let text = shell::output(&mut command)?;
    ensure!(!text.contains("Non-2xx"), "not every answer was a 200:\n{text}");
    read(&text).with_context(|| format!("wrk wrote\n{text}"))
}

fn read(text: &str) -> Option<Load> {
    let after = |word: &str| {
        text.lines().find_map(|line| line.trim().strip_prefix(word)).map(|rest| rest.trim().to_owned())
    };
    Some(Load {
        requests: after("Requests/sec:")?.parse().ok()?,
        median: milliseconds(&after("50%")?)?,
        slow: milliseconds(&after("99%")?)?,
    })
}

fn milliseconds(text: &str) -> Option<f64> {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.trim().parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_whatever_its_units() {
        let text = "  Latency Distribution\n     50%  224.00us\n     75%    1.00ms\n     99%    1.07s \nRequests/sec: 108004.14\n";
        let load = read(text).unwrap();
        assert!((load.median - 0.224).abs() < 1e-9 && (load.slow - 1070.0).abs() < 1e-9, "{load:?}");
        assert!((load.requests - 108_004.14).abs() < 1e-6, "{load:?}");
    }

    #[test]
    fn a_report_without_its_numbers_is_none() {
        assert_eq!(read("unable to connect"), None);
    }
}
