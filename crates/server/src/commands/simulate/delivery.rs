//! How does what is told arrive, once, whatever becomes of the server meanwhile? It is sent until it is taken.

use super::counts::Counts;
use crate::clock::SystemClock;
use crate::commands::caller::{Answer, Caller};
use crate::commands::say;
use crate::error::ServerError;
use engine::Stopwatch;
use primitives::{Clock, ErrorKind};
use serde::Deserialize;
use std::time::Duration;

/// So many events, and so many bytes of them, go in one request.
const N_BATCH: usize = 500;
const BATCH_BYTES: usize = 300 * 1024;
/// The first pause before something is sent again; each is twice as long as the last, up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often a server that was never there is looked for, and how often one asks for more time before it is said.
const N_FIRST_TRIES: u32 = 3;
const N_QUIET_TRIES: u32 = 5;
/// How soon whoever waits notices that it is enough.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether it is enough.
pub(crate) type Enough<'a> = &'a (dyn Fn() -> bool + Sync);

/// One of the company's programs, and what it has to tell.
pub(super) struct Delivery<'a> {
    caller: &'a Caller,
    waiting: Vec<String>,
    n_bytes: usize,
    /// Of what was sent, how much was taken, now or before.
    n_taken: u64,
}

/// Waits so long, or until it is enough; answers whether it goes on.
pub(super) fn wait(time: Duration, is_enough: Enough<'_>) -> bool {
    let watch = Stopwatch::start();
    while !is_enough() {
        let left = time.saturating_sub(watch.elapsed());
        if left.is_zero() {
            return true;
        }
        std::thread::park_timeout(left.min(LOOK_EVERY));
    }
    false
}

/// What to ask, of whom.
pub(super) struct Request<'a> {
    pub(super) caller: &'a Caller,
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    /// Made anew each time.
    pub(super) body: &'a dyn Fn() -> String,
    /// Who was never there is not waited for.
    pub(super) is_first: bool,
}

impl Request<'_> {
    /// Asks until there is an answer that is one; `None` where it is enough before. That it has to wait is said, and when it
    /// goes on.
    ///
    /// # Errors
    /// [`ServerError`] where the key opens nothing, or nobody was ever there.
    pub(super) fn answered(&self, is_enough: Enough<'_>) -> Result<Option<Answer>, ServerError> {
        let url = self.caller.url();
        let (mut pause, mut is_away) = (PAUSE_FIRST, false);
        for n_before in 0_u32.. {
            let (asked, why) = match self.caller.ask(self.method, self.path, &(self.body)()) {
                Ok(answer) if matches!(answer.status, 401 | 403) => return Err(self.caller.refused(&answer)),
                Ok(answer) if is_to_ask_again(&answer) => (answer.retry_after, answer.sentence()),
                Ok(answer) => {
                    if is_away {
                        say(&format!("the server at {url} is back: the company goes on"));
                    }
                    return Ok(Some(answer));
                }
                Err(why) if self.is_first && n_before >= N_FIRST_TRIES => {
                    let message =
                        format!("the server at {url} does not answer ({why}): check the address and that it runs");
                    return Err(ServerError::new(ErrorKind::Unavailable, message));
                }
                Err(why) => (None, why),
            };
            // Who is merely asked to be slower is not away, unless it does not end.
            if !is_enough() && !is_away && !self.is_first && (asked.is_none() || n_before >= N_QUIET_TRIES) {
                is_away = true;
                say(&format!("the server at {url} takes nothing now ({why}): waiting for it; nothing is lost"));
            }
            if !wait(asked.unwrap_or(pause).max(PAUSE_FIRST), is_enough) {
                break;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
        Ok(None)
    }
}

/// Whether a server that answers so may be asked the same again: it has too much to do, or somebody before it does not
/// reach it, or it says itself when to come back.
fn is_to_ask_again(answer: &Answer) -> bool {
    answer.is_not_now()
        || matches!(answer.status, 500 | 502 | 504)
        || (answer.status == 409 && answer.retry_after.is_some())
}

/// What of an answer is counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    accepted: u64,
    duplicates: u64,
    #[serde(default)]
    conflicts: u64,
    #[serde(default)]
    rejected: Vec<Refused>,
    rejected_count: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
}

/// Whether everything that was sent with a request was taken, now or before.
pub(super) fn has_taken(answer: &Answer) -> bool {
    serde_json::from_str(&answer.text).is_ok_and(|taken: Taken| taken.conflicts == 0 && taken.rejected.is_empty())
}

impl<'a> Delivery<'a> {
    pub(super) fn new(caller: &'a Caller) -> Self {
        Self { caller, waiting: Vec::new(), n_bytes: 0, n_taken: 0 }
    }

    /// Adds an event; answers whether there is enough for a request.
    pub(super) fn add(&mut self, event: String, counts: &Counts) -> bool {
        counts.add(|counted| counted.waiting += 1);
        self.n_bytes += event.len() + 1;
        self.waiting.push(event);
        self.waiting.len() >= N_BATCH || self.n_bytes >= BATCH_BYTES
    }

    /// Delivers what waits. Where it is enough before, what waits stays.
    ///
    /// # Errors
    /// [`ServerError`] where the key opens nothing, or what answers is no server of ours.
    pub(super) fn deliver(&mut self, counts: &Counts, is_enough: Enough<'_>) -> Result<(), ServerError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let events = self.waiting.join(",");
        // Said anew each time: by it the server takes out by how much our clock is wrong, and not how long we had to wait.
        let body = || format!("{{\"sentAt\":\"{}\",\"batch\":[{events}]}}", SystemClock.now());
        let request = Request { caller: self.caller, method: "POST", path: "/v1/batch", body: &body, is_first: false };
        let Some(answer) = request.answered(is_enough)? else { return Ok(()) };
        let n_sent = self.waiting.len() as u64;
        self.waiting.clear();
        self.n_bytes = 0;
        counts.add(|counted| counted.waiting = counted.waiting.saturating_sub(n_sent));
        self.count(&answer, n_sent, counts)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How much of what was sent was taken, now or before. What is known with another content was told by somebody else.
    pub(super) fn n_taken(&self) -> u64 {
        self.n_taken
    }

    fn count(&mut self, answer: &Answer, n_sent: u64, counts: &Counts) -> Result<(), ServerError> {
        if let Ok(taken) = serde_json::from_str::<Taken>(&answer.text) {
            self.n_taken += taken.accepted + taken.duplicates;
            counts.add(|counted| {
                counted.events += taken.accepted + taken.duplicates;
                counted.known += taken.duplicates;
                let (n_rejected, n_told) = (taken.rejected_count, taken.rejected.len() as u64);
                let n_rejected = n_rejected.unwrap_or(n_told).max(n_told);
                counted.refused += n_rejected + taken.conflicts;
                taken.rejected.iter().for_each(|refused| counted.went_wrong(&refused.message, 1));
                counted.went_wrong("for a reason that the server did not tell of each", n_rejected - n_told);
                let before = "its messageId is known with another content: the day was lived here before";
                counted.went_wrong(before, taken.conflicts);
            });
            return Ok(());
        }
        if answer.status == 200 {
            let message = format!("what answers at {} is no Rapport server: check the address", self.caller.url());
            return Err(ServerError::new(ErrorKind::Invalid, message));
        }
        counts.add(|counted| {
            counted.refused += n_sent;
            counted.went_wrong(&answer.sentence(), n_sent);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::simulate::scripted::Scripted;
    use serde_json::Value;

    const TAKEN: &str = r#"{"success":true,"accepted":2,"duplicates":1}"#;

    fn never() -> bool {
        false
    }

    fn sent(server: &Scripted) -> Result<Counts, ServerError> {
        let (caller, counts) = (server.caller(), Counts::default());
        let mut delivery = Delivery::new(&caller);
        for event in ["1", "2", "3"] {
            assert!(!delivery.add(event.to_owned(), &counts));
        }
        assert_eq!(counts.so_far().waiting, 3);
        delivery.deliver(&counts, &never)?;
        assert!(delivery.waiting.is_empty() && delivery.n_bytes == 0 && counts.so_far().waiting == 0);
        Ok(counts)
    }

    #[test]
    fn what_is_not_taken_now_is_sent_again_when_the_server_says() {
        let busy = r#"{"success":false,"message":"too much to do"}"#;
        let server = Scripted::answering(&[
            (429, "retry-after: 1\r\n", busy),
            (503, "", busy),
            (409, "retry-after: 0\r\n", busy),
            (502, "", "<html>"),
            (200, "", TAKEN),
        ]);
        let counted = sent(&server).unwrap().so_far();
        assert_eq!((counted.events, counted.known, counted.refused), (3, 1, 0));
        let heard = server.heard();
        let pauses: Vec<Duration> = heard.windows(2).map(|two| two[1].0 - two[0].0).collect();
        let at_least = [1_000, 500, 250, 2_000].map(Duration::from_millis);
        assert_eq!(pauses.len(), at_least.len());
        for (pause, at_least) in pauses.iter().zip(at_least) {
            assert!(*pause >= at_least, "{pauses:?}");
        }
        // The same events each time, and when they were sent this time.
        let bodies: Vec<Value> = heard.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
        assert!(bodies.iter().all(|body| body["batch"] == serde_json::json!([1, 2, 3])));
        assert!(bodies.windows(2).all(|two| two[0]["sentAt"].as_str() < two[1]["sentAt"].as_str()));
    }

    #[test]
    fn what_is_refused_is_counted_with_its_reason_and_not_sent_again() {
        let refused = r#"{"accepted":1,"duplicates":0,"conflicts":4,"rejected":[{"index":0,"message":"no name"}]}"#;
        let counted = sent(&Scripted::answering(&[(200, "", refused)])).unwrap().so_far();
        assert_eq!((counted.events, counted.refused, counted.reasons.get("no name")), (1, 5, Some(&1)));
        assert_eq!((counted.reasons.len(), counted.reasons.values().sum::<u64>()), (2, 5), "each is told why");
        let many = r#"{"accepted":0,"duplicates":0,"rejected":[{"message":"no name"}],"rejectedCount":300}"#;
        let counted = sent(&Scripted::answering(&[(400, "", many)])).unwrap().so_far();
        assert_eq!((counted.refused, counted.reasons.get("no name")), (300, Some(&1)));
        assert_eq!((counted.reasons.len(), counted.reasons.values().sum::<u64>()), (2, 300), "each is told why");
        for status in [400, 409, 413] {
            let answer = (status, "", r#"{"message":"too large"}"#);
            let counted = sent(&Scripted::answering(&[answer])).unwrap().so_far();
            assert_eq!((counted.refused, counted.reasons.get("too large")), (3, Some(&3)), "{status}");
        }
    }

    #[test]
    fn a_key_that_opens_nothing_and_a_server_that_is_none_of_ours_end_it() {
        for status in [401, 403] {
            let error = sent(&Scripted::answering(&[(status, "", r#"{"message":"not this one"}"#)])).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Forbidden);
            assert!(error.to_string().contains("not this one"), "{error}");
        }
        let error = sent(&Scripted::answering(&[(200, "", "<html>")])).err().unwrap();
        assert!(error.to_string().contains("no Rapport server"), "{error}");
    }

    #[test]
    fn whoever_has_had_enough_does_not_wait_and_what_did_not_arrive_is_counted() {
        let (server, counts) = (Scripted::answering(&[(503, "retry-after: 60\r\n", "{}")]), Counts::default());
        let caller = server.caller();
        let mut delivery = Delivery::new(&caller);
        delivery.add("1".to_owned(), &counts);
        let watch = Stopwatch::start();
        let is_enough = || watch.elapsed() > Duration::from_millis(100);
        delivery.deliver(&counts, &is_enough).unwrap();
        assert!(watch.elapsed() < Duration::from_secs(20), "{:?}", watch.elapsed());
        assert_eq!((counts.so_far().events, counts.so_far().waiting), (0, 1));
    }

    #[test]
    fn a_request_is_full_by_number_or_by_size() {
        let caller = Caller::new("http://127.0.0.1:1", "key".to_owned());
        let (mut delivery, counts) = (Delivery::new(&caller), Counts::default());
        let n_full = (1..).find(|_| delivery.add("{}".to_owned(), &counts));
        assert_eq!(n_full, Some(N_BATCH));
        let mut delivery = Delivery::new(&caller);
        assert!(!delivery.add("x".repeat(BATCH_BYTES - 2), &counts) && delivery.add("y".to_owned(), &counts));
    }

    #[test]
    fn who_was_never_there_is_not_waited_for() {
        let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let caller = Caller::new(&format!("http://{nowhere}"), "key".to_owned());
        let request = Request { caller: &caller, method: "GET", path: "/", body: &String::new, is_first: true };
        let error = request.answered(&never).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
