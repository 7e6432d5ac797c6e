//! Which stops has the guided tour, how far has somebody come, and at which are they?

use crate::app::App;
use crate::cookies::Cookies;
use axum::http::{HeaderMap, Uri};
use console::view::TourStrip;
use decisions::{ContentShape, Kind, KindAbout};

/// The cookie that keeps how far somebody has come: a bit for each stop that was seen, and whether the tour is closed.
pub(super) const COOKIE: &str = "rapport_tour";
const CLOSED: &str = "c";

/// What in the query of an address says that it is that of a stop.
const STOP: &str = "tour";

/// How far somebody has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) seen: u16,
    pub(super) is_closed: bool,
}

impl Progress {
    /// As the cookie says; anything else is the beginning.
    pub(super) fn read(cookies: Cookies, headers: &HeaderMap) -> Self {
        cookies.read(headers, COOKIE).map(Self::parse).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let (bits, is_closed) = text.strip_suffix(CLOSED).map_or((text, false), |bits| (bits, true));
        u16::from_str_radix(bits, 16).map(|seen| Self { seen, is_closed }).unwrap_or_default()
    }

    pub(super) fn text(self) -> String {
        format!("{:x}{}", self.seen, if self.is_closed { CLOSED } else { "" })
    }

    pub(super) fn has_seen(self, number: usize) -> bool {
        (1..=16).contains(&number) && self.seen >> (number - 1) & 1 == 1
    }

    pub(super) fn with(self, number: usize) -> Self {
        Self { seen: self.seen | 1 << (number - 1), ..self }
    }

    /// The stop whose page an address is, for who is on the tour: who was only given the address is not.
    pub(super) fn stop_at(self, uri: &Uri) -> Option<usize> {
        let named = uri.query()?.split('&').find_map(|pair| pair.strip_prefix(STOP)?.strip_prefix('='));
        named?.parse().ok().filter(|number| !self.is_closed && self.has_seen(*number))
    }
}

/// The address of a stop's page, which says that it is one.
pub(super) fn at_stop(href: &str, number: usize) -> String {
    let (page, place) = href.split_once('#').map_or((href, String::new()), |(page, place)| (page, format!("#{place}")));
    let sign = if page.contains('?') { '&' } else { '?' };
    format!("{page}{sign}{STOP}={number}{place}")
}

/// The questions that stops are about, by name; one that a company does not ask is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Questions {
    /// What to show.
    pub(super) shown: String,
    /// Who leaves.
    pub(super) risk: String,
    /// What they are worth.
    pub(super) worth: String,
}

impl Questions {
    pub(super) fn of(app: &App) -> Self {
        let name = |is: &dyn Fn(&KindAbout) -> bool| {
            let mut kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
            kinds.find(|about| is(about)).map_or_else(String::new, |about| about.name.to_string())
        };
        Self {
            shown: name(&|about| about.is_shown),
            risk: name(&|about| about.is_risk),
            worth: name(&|about| about.shape == ContentShape::Amount),
        }
    }

    /// Any of them that can be asked of a customer.
    pub(super) fn any(&self) -> &str {
        if self.risk.is_empty() { &self.shown } else { &self.risk }
    }

    fn has(&self, what: About) -> bool {
        match what {
            About::Anything => true,
            About::Shown => !self.shown.is_empty(),
            About::Risk => !self.risk.is_empty(),
            About::Worth => !self.worth.is_empty(),
            About::AnyQuestion => !self.any().is_empty(),
        }
    }

    /// The stops at which there is something to be seen here: a company may not ask what one is about. Each has its number,
    /// which is the same in every company.
    pub(super) fn stops(&self) -> impl Iterator<Item = (usize, &'static Stop)> {
        (1..).zip(&STOPS).filter(|(_, stop)| self.has(stop.about))
    }
}

/// What a stop is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Anything,
    Shown,
    Risk,
    Worth,
    AnyQuestion,
}

/// A stop: what is told of it everywhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    about: About,
}

const fn stop(about: About, title: &'static str, text: &'static str) -> Stop {
    Stop { title, text, about }
}

const STOPS: [Stop; 12] = [
    stop(
        About::Anything,
        "A customer arrives",
        "Every page, search, cart, order, e-mail, ticket and payment comes in as an event; what cannot be right is refused with its reason.",
    ),
    stop(
        About::Anything,
        "They are recognised",
        "Browsers, devices and e-mails that belong to one person are one customer; beside each stands by what it is known to be theirs.",
    ),
    stop(
        About::Shown,
        "They get a recommendation, with its reason",
        "Each item says why it stands there, and what came next says why it does not.",
    ),
    stop(
        About::Shown,
        "They withdraw consent, and get another",
        "Who refuses personalization gets what everybody gets, from that moment on, and the answer says so.",
    ),
    stop(
        About::Risk,
        "They are about to leave",
        "Everybody has a calibrated probability, with its reasons: of ten customers with 70 %, about seven leave. The likeliest come first.",
    ),
    stop(
        About::Worth,
        "They are worth so much",
        "What somebody will spend in the time to come, with the interval in which it lies nine times of ten, and why.",
    ),
    stop(
        About::Anything,
        "They write to the desk",
        "Tickets, messages and calls are events as well: they count in what is known of a customer and in what is foretold.",
    ),
    stop(
        About::Anything,
        "They are on a list",
        "Lists follow everybody by themselves: who comes and who goes is told to a webhook, signed.",
    ),
    stop(
        About::AnyQuestion,
        "A decision is replayed",
        "As long as it is kept it can be computed again from what was known then, and comes out the same to the byte.",
    ),
    stop(
        About::Anything,
        "What the model is worth",
        "Each model is judged on a time that it has not seen, beside the simple answers; one that is clearly worse does not answer.",
    ),
    stop(
        About::Risk,
        "Truth beside estimate",
        "What was foretold stands beside what came true, tenth by tenth, on customers whom the model had not seen.",
    ),
    stop(
        About::Anything,
        "Everything can be erased",
        "Whoever asks is forgotten: in the log, the history, the lists, the decisions and the models, with a receipt.",
    ),
];

/// What stands over the page of a stop.
pub(super) fn strip(app: &App, number: usize) -> Option<TourStrip> {
    strip_among(Questions::of(app).stops(), number)
}

fn strip_among(stops: impl Iterator<Item = (usize, &'static Stop)>, number: usize) -> Option<TourStrip> {
    let stops: Vec<_> = stops.collect();
    let place = stops.iter().position(|(of, _)| *of == number)?;
    let (_, stop) = stops.get(place)?;
    Some(TourStrip {
        place: place + 1,
        n_stops: stops.len(),
        title: stop.title.to_owned(),
        text: stop.text.to_owned(),
        next: stops.get(place + 1).map(|(number, stop)| (*number, stop.title.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions(risk: &str, worth: &str, shown: &str) -> Questions {
        Questions { risk: risk.to_owned(), worth: worth.to_owned(), shown: shown.to_owned() }
    }

    #[test]
    fn progress_is_read_as_it_is_written_and_nonsense_is_the_beginning() {
        let begun = Progress::default().with(1).with(12);
        assert_eq!(
            [1, 2, 11, 12, 0, 17].map(|number| begun.has_seen(number)),
            [true, false, false, true, false, false]
        );
        for progress in
            [Progress::default(), begun, Progress { is_closed: true, ..begun }, Progress::default().with(16)]
        {
            assert_eq!(Progress::parse(&progress.text()), progress);
        }
        for nonsense in ["", "c", "xyz", "12345", "-1", "<script>"] {
            assert_eq!(Progress::parse(nonsense), Progress::default(), "{nonsense}");
        }
    }

    #[test]
    fn no_stop_is_about_a_question_that_is_not_there_and_the_others_keep_their_numbers() {
        let numbers = |risk: &str, worth: &str, shown: &str| -> Vec<usize> {
            questions(risk, worth, shown).stops().map(|(number, _)| number).collect()
        };
        assert!(numbers("churn", "value", "recommend").into_iter().eq(1..=12));
        assert_eq!(numbers("", "", "recommend"), [1, 2, 3, 4, 7, 8, 9, 10, 12]);
        assert_eq!(numbers("churn", "", ""), [1, 2, 5, 7, 8, 9, 10, 11, 12]);
        assert_eq!(numbers("", "value", ""), [1, 2, 6, 7, 8, 10, 12]);
    }

    #[test]
    fn a_stop_tells_its_place_among_those_that_are_there_and_the_next_of_them() {
        let few = questions("churn", "", "");
        let told = |number| strip_among(few.stops(), number).map(|strip| (strip.place, strip.n_stops, strip.next));
        assert_eq!(told(2), Some((2, 9, Some((5, "They are about to leave".to_owned())))));
        assert_eq!(told(12), Some((9, 9, None)));
        for number in [0, 3, 13] {
            assert_eq!(told(number), None, "{number}");
        }
    }

    #[test]
    fn an_address_is_that_of_a_stop_for_who_has_been_led_there() {
        let on_tour = Progress::default().with(3);
        for (href, address) in [
            ("/events", "/events?tour=3"),
            ("/lists?filter=known", "/lists?filter=known&tour=3"),
            ("/customers/1#identity", "/customers/1?tour=3#identity"),
        ] {
            assert_eq!(at_stop(href, 3), address);
            let uri: Uri = address.split('#').next().unwrap().parse().unwrap();
            assert_eq!(on_tour.stop_at(&uri), Some(3), "{address}");
            assert_eq!(Progress { is_closed: true, ..on_tour }.stop_at(&uri), None);
            assert_eq!(Progress::default().with(4).stop_at(&uri), None);
        }
        for address in
            ["/events", "/events?tour=", "/events?tour=x", "/events?detour=3", "/events?tours=3", "/events?tour=99"]
        {
            assert_eq!(on_tour.stop_at(&address.parse().unwrap()), None, "{address}");
        }
    }
}
