use std::fmt::Write;

/// What kind of number a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, from the start of the process.
    Counter,
    /// It is as it is.
    Gauge,
}

/// A number that somebody else keeps, read when it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its name: `lobby_hashing_queue`.
    pub name: &'static str,
    /// One sentence on it.
    pub help: &'static str,
    /// What it is.
    pub kind: Kind,
    /// How much.
    pub value: f64,
}

impl Reading {
    /// A reading.
    pub fn new(name: &'static str, help: &'static str, kind: Kind, value: f64) -> Self {
        Self { name, help, kind, value }
    }

    pub(crate) fn write(&self, text: &mut String) {
        let kind = match self.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        head(text, self.name, self.help, kind);
        let _ = writeln!(text, "{} {}", self.name, self.value);
    }
}

/// What stands before a metric's samples.
pub(crate) fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// `name{label="value"} number`: what a document names its operations is no line of its own here.
pub(crate) fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    text.push_str(name);
    for (index, (label, of)) in labels.iter().enumerate() {
        text.push(if index == 0 { '{' } else { ',' });
        text.push_str(label);
        text.push_str("=\"");
        for c in of.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                c if c.is_control() => text.push('\u{fffd}'),
                c => text.push(c),
            }
        }
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
    let _ = writeln!(text, " {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_its_line() {
        let mut text = String::new();
        sample(&mut text, "n", &[("a", "x\"} 1\nevil 2\\\r"), ("b", "")], 3);
        assert_eq!(text, "n{a=\"x\\\"} 1\\nevil 2\\\\\u{fffd}\",b=\"\"} 3\n");
    }
}
