//! To which page is somebody sent on?

use crate::context::Context;
use crate::evaluate::run;
use crate::experiment::ExperimentResult;
use crate::payload::Payload;
use crate::url::Address;

/// A page that somebody is sent on to.
#[derive(Debug, Clone, PartialEq)]
pub struct Redirect {
    /// The variation that says so.
    pub result: ExperimentResult,
    /// The page as the variation names it.
    pub url: String,
    /// The page with what the query of theirs says, where the experiment keeps it.
    pub url_with_query: String,
}

/// The first experiment that sends somebody on to another page. One is enough: they are on another page then.
#[must_use]
pub fn redirect(payload: &Payload, context: &Context) -> Option<Redirect> {
    payload.experiments.iter().find_map(|experiment| {
        let result = run(payload, experiment, context);
        let url = result.value.get("urlRedirect")?.as_str()?.to_owned();
        if !result.in_experiment {
            return None;
        }
        let keeps = experiment.persist_query_string == Some(true);
        let url_with_query = if keeps { with_query(&url, Address::of(&context.url).query) } else { url.clone() };
        Some(Redirect { result, url, url_with_query })
    })
}

/// An address with those parts of another query that its own does not name.
fn with_query(url: &str, query: &str) -> String {
    let own: Vec<&str> = Address::of(url).query.split('&').filter(|pair| !pair.is_empty()).collect();
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let is_new = |pair: &&str| !pair.is_empty() && !own.iter().any(|own| name(own) == name(pair));
    let added: Vec<&str> = query.split('&').filter(is_new).collect();
    if added.is_empty() {
        return url.to_owned();
    }
    let (rest, anchor) =
        url.split_once('#').map_or((url, String::new()), |(rest, anchor)| (rest, format!("#{anchor}")));
    let page = rest.split('?').next().unwrap_or_default();
    format!("{page}?{}{anchor}", [own, added].concat().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_new_page_says_itself_is_kept() {
        for (url, query, expected) in [
            ("/new", "", "/new"),
            ("/new", "a=1&b", "/new?a=1&b"),
            ("/new?a=2", "a=1&b=3", "/new?a=2&b=3"),
            ("/new?a=2#top", "b=3", "/new?a=2&b=3#top"),
        ] {
            assert_eq!(with_query(url, query), expected);
        }
    }
}
