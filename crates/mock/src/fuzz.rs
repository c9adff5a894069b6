//! Bodies for fuzzing: plain functions that must return, whatever they are given.

use crate::{
    journal::Match,
    scenario::{Step, read_steps},
};

/// Reads a step and a play from any bytes. What is read must be written as it reads.
///
/// # Panics
/// When a step is read that is not read again from its own text.
pub fn scenario(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = read_steps([text.as_ref()]);
    if let Ok(step) = text.parse::<Step>() {
        assert_eq!(step.to_string().parse::<Step>().as_ref(), Ok(&step));
    }
}

/// Reads a filter of the journal from any bytes: a word, a line end, a value.
pub fn filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (word, value) = text.split_once('\n').unwrap_or(("body", &text));
    let _ = Match::default().add(word, value, |_| Err(String::new()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_as_a_scenario_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::scenario(&bytes);
            super::filter(&bytes);
        }

        #[test]
        fn what_looks_like_a_step_is_read_as_it_is_written(
            text in "(ok|token\\.expired|(status|delay|fault|oauth|keys|example):[a-z0-9_]{0,12})(\\+(status:[2-5][0-9]{2}|delay:[0-9]{1,3}(ms|s)|example:[a-z]{1,5}|fault:drip)){0,3}"
        ) {
            super::scenario(text.as_bytes());
        }
    }
}
