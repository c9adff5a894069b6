//! What happened, for those who were not there: subscribes to [`model::Event`]s and counts them. It knows
//! nobody who causes them and decides nothing; what it costs is on the way of every request, so it must be
//! next to nothing.
//!
//! ```
//! use watch::{Kind, Metrics, Reading};
//!
//! let metrics = Metrics::default();
//! let text = metrics.render(&[Reading::new("lobby_up", "Whether it serves.", Kind::Gauge, 1.0)]);
//! assert!(text.contains("# TYPE lobby_up gauge\nlobby_up 1\n"));
//! ```

mod exposition;
mod histogram;
mod metrics;

pub use exposition::{Kind, Reading};
pub use metrics::Metrics;
