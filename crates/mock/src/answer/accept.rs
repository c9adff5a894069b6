//! Which media type a client takes (RFC 9110 12.5.1).

use http::{HeaderMap, header::ACCEPT};

/// How many ranges are read.
const MOST_RANGES: usize = 64;

/// The ranges of a request's `Accept` fields.
#[derive(Debug, Default)]
pub(crate) struct Accept {
    ranges: Vec<Range>,
}

#[derive(Debug)]
struct Range {
    kind: String,
    subtype: String,
    parameters: Vec<(String, String)>,
    /// In thousandths.
    quality: u16,
}

impl Accept {
    /// Reads the fields; without any, everything is taken.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok());
        let ranges = texts.flat_map(|text| text.split(',')).take(MOST_RANGES).filter_map(Range::read);
        Self { ranges: ranges.collect() }
    }

    /// Reads the text of one field.
    pub(crate) fn read(text: Option<&str>) -> Self {
        let ranges = text.unwrap_or_default().split(',').take(MOST_RANGES).filter_map(Range::read);
        Self { ranges: ranges.collect() }
    }

    /// The place of the offer that is liked best; of equal ones the one that is named most exactly, then the
    /// first. `None` when none is taken.
    pub(crate) fn choose<'o>(&self, offers: impl Iterator<Item = &'o str>) -> Option<usize> {
        let mut best = None;
        for (place, offer) in offers.enumerate() {
            let liking = self.liking(offer);
            if liking.0 > 0 && best.is_none_or(|(_, best)| liking > best) {
                best = Some((place, liking));
            }
        }
        best.map(|(place, _)| place)
    }

    /// What an offer is written as: an offer that is a range becomes a type that the client names.
    pub(crate) fn concrete(&self, offer: &str) -> String {
        if !offer.contains('*') {
            return offer.to_owned();
        }
        let Some(offered) = Range::read(offer) else { return "application/json".to_owned() };
        let mut named: Vec<&Range> = self
            .ranges
            .iter()
            .filter(|range| range.quality > 0 && range.kind != "*" && range.subtype != "*")
            .filter(|range| offered.kind == "*" || offered.kind == range.kind)
            .collect();
        named.sort_by_key(|range| std::cmp::Reverse(range.quality));
        match named.first() {
            Some(range) => format!("{}/{}", range.kind, range.subtype),
            None if offered.kind == "text" => "text/plain".to_owned(),
            None if offered.kind == "image" => "image/png".to_owned(),
            None => "application/json".to_owned(),
        }
    }

    /// How an offer is liked, in thousandths, and how exactly it was named: the most specific range that fits
    /// decides (RFC 9110 12.5.1).
    fn liking(&self, offer: &str) -> (u16, u16) {
        if self.ranges.is_empty() {
            return (1000, 0);
        }
        let Some(offered) = Range::read(offer) else { return (0, 0) };
        let fitting = self.ranges.iter().filter_map(|range| Some((range.fits(&offered)?, range.quality)));
        let deciding = fitting.max_by_key(|(specific, _)| *specific);
        deciding.map_or((0, 0), |(specific, quality)| (quality, specific))
    }
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let (kind, subtype) = parts.next()?.trim().split_once('/').or_else(|| {
            // Some clients write `*` for everything.
            (text.split(';').next()?.trim() == "*").then_some(("*", "*"))
        })?;
        let mut range = Self {
            kind: kind.trim().to_ascii_lowercase(),
            subtype: subtype.trim().to_ascii_lowercase(),
            parameters: Vec::new(),
            quality: 1000,
        };
        for parameter in parts {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
            if name == "q" {
                range.quality = thousandths(value);
                break;
            }
            if name != "charset" {
                range.parameters.push((name, value.to_ascii_lowercase()));
            }
        }
        Some(range)
    }

    /// How specifically this range takes an offer; `None` when it does not.
    fn fits(&self, offer: &Self) -> Option<u16> {
        let either = |a: &str, b: &str| a == b || a == "*" || b == "*";
        if !either(&self.kind, &offer.kind) {
            return None;
        }
        // `application/json` takes what is JSON by its suffix, as a poor second (RFC 6839 3.1).
        let suffixed = self.subtype == "json" && offer.subtype.ends_with("+json")
            || self.subtype == "xml" && offer.subtype.ends_with("+xml");
        if !either(&self.subtype, &offer.subtype) && !suffixed {
            return None;
        }
        let same = |(name, value): &(String, String)| {
            offer.parameters.iter().all(|(known, other)| known != name || other == value)
        };
        if !self.parameters.iter().all(same) {
            return None;
        }
        let parameters = u16::try_from(self.parameters.len()).unwrap_or(9).min(9);
        Some(if self.kind == "*" {
            0
        } else if self.subtype == "*" {
            1
        } else if suffixed {
            2
        } else {
            3 + parameters
        })
    }
}

/// A weight (RFC 9110 12.4.2), in thousandths.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if whole != "0" {
        return if whole == "1" || whole.parse::<u32>().is_ok() { 1000 } else { 0 };
    }
    let digits: String =
        decimals.chars().take_while(char::is_ascii_digit).chain("000".chars()).take(3).collect();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_liked_best_offer_is_chosen() {
        let offers = ["application/json", "application/xml", "text/csv; header=present"];
        for (accept, chosen) in [
            (None, Some(0)),
            (Some("*/*"), Some(0)),
            (Some("application/xml"), Some(1)),
            (Some("application/json;q=0.2, application/xml;q=0.5"), Some(1)),
            (Some("text/*, application/json;q=0.9"), Some(2)),
            (Some("application/json;q=0, */*"), Some(1)),
            (Some("application/*;q=0.5, application/xml;q=0.4"), Some(0)),
            (Some("image/png"), None),
            (Some("APPLICATION/JSON"), Some(0)),
            (Some("text/csv; header=absent"), None),
            (Some("*"), Some(0)),
            (Some("application/json;q=0"), None),
            (Some("application/json;q=nonsense"), None),
        ] {
            assert_eq!(Accept::read(accept).choose(offers.into_iter()), chosen, "{accept:?}");
        }
    }

    #[test]
    fn json_by_suffix_is_taken_by_who_asks_for_json() {
        let offers = ["application/vnd.books+json"];
        assert_eq!(Accept::read(Some("application/json")).choose(offers.into_iter()), Some(0));
    }

    #[test]
    fn the_type_that_is_named_wins_over_what_only_passes_for_it() {
        let offers = ["application/hal+json", "application/json"];
        for (accept, chosen) in [
            ("application/json", Some(1)),
            ("application/hal+json, application/json", Some(0)),
            ("application/hal+json, application/json;q=0.9", Some(0)),
            ("*/*, application/json", Some(1)),
            ("application/*", Some(0)),
            ("application/json;q=0.5, application/*;q=0.8", Some(1)),
        ] {
            assert_eq!(Accept::read(Some(accept)).choose(offers.into_iter()), chosen, "{accept}");
        }
    }

    #[test]
    fn a_range_on_offer_becomes_a_type() {
        assert_eq!(Accept::read(Some("image/webp, */*;q=0.1")).concrete("image/*"), "image/webp");
        assert_eq!(Accept::default().concrete("*/*"), "application/json");
        assert_eq!(Accept::read(Some("text/html")).concrete("text/*"), "text/html");
    }
}
