//! What is to be seen, one after the other? The guided tour.

use crate::chart::{self, Html, Tone};
use crate::format;

/// The guided tour on the overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TourCard {
    /// The stops, in order.
    pub stops: Vec<TourStop>,
    /// Whether whoever looks may be led: a closed tour only offers itself again.
    pub is_open: bool,
}

/// Something that is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TourStop {
    /// Its number, by which its address goes.
    pub number: usize,
    /// What happens there: `A customer arrives`.
    pub title: String,
    /// What is to be seen, in a sentence.
    pub text: String,
    /// What the link says.
    pub link: String,
    /// The command that does the same.
    pub command: String,
    /// Whether it was seen already.
    pub is_seen: bool,
}

/// What stands over the page of a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TourStrip {
    /// Its place among the stops, from 1.
    pub place: usize,
    /// How many stops there are.
    pub n_stops: usize,
    /// What happens there.
    pub title: String,
    /// What is to be seen, in a sentence.
    pub text: String,
    /// The number of the next stop, and what happens there.
    pub next: Option<(usize, String)>,
}

impl TourCard {
    fn n_seen(&self) -> usize {
        self.stops.iter().filter(|stop| stop.is_seen).count()
    }

    pub(super) fn progress(&self) -> String {
        format!("{} of {}", self.n_seen(), self.stops.len())
    }

    pub(super) fn bar(&self) -> Html {
        let (seen, all) = (self.n_seen() as u64, self.stops.len().max(1) as u64);
        chart::meter(format::float(seen) / format::float(all), Tone::Accent, "")
    }

    /// The first stop that was not seen yet; the first of all where all were.
    pub(super) fn next(&self) -> usize {
        self.stops.iter().find(|stop| !stop.is_seen).map_or(1, |stop| stop.number)
    }

    pub(super) fn next_title(&self) -> &str {
        self.stops.iter().find(|stop| stop.number == self.next()).map_or("", |stop| &stop.title)
    }

    pub(super) fn go_text(&self) -> &'static str {
        match self.n_seen() {
            0 => "Begin",
            n if n == self.stops.len() => "Begin again",
            _ => "Go on",
        }
    }
}

impl TourStop {
    pub(super) fn href(&self) -> String {
        format!("/tour/{}", self.number)
    }
}
