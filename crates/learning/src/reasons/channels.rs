//! How are features of the channels beside purchases said in words?

use super::{beside_usual, counted, days, money, number, percent};
use primitives::Currency;

/// What is counted in the last days, in the words of one and of many.
const COUNTED: [(&str, &str, &str); 20] = [
    ("frustrations", "click in anger or without effect", "clicks in anger or without effect"),
    ("form_fields_left", "field begun in a form not sent", "fields begun in forms not sent"),
    ("searches", "search", "searches"),
    ("emails_delivered", "e-mail arrived", "e-mails arrived"),
    ("emails_bounced", "e-mail came back", "e-mails came back"),
    ("emails_unwanted", "e-mail called unwanted", "e-mails called unwanted"),
    ("tickets_opened", "ticket opened", "tickets opened"),
    ("tickets_reopened", "ticket opened again", "tickets opened again"),
    ("contacts", "ticket, message or call", "tickets, messages and calls"),
    ("payments_failed", "failed payment", "failed payments"),
    ("upgrades", "subscription became more", "subscriptions became more"),
    ("downgrades", "subscription became less", "subscriptions became less"),
    ("cancellations", "subscription called off", "subscriptions called off"),
    ("measurements", "measurement", "measurements"),
    ("faults", "failure of the service", "failures of the service"),
    ("store_visits", "visit to a shop", "visits to shops"),
    ("decisions_shown", "decision shown", "decisions shown"),
    ("decisions_converted", "decision did what it was for", "decisions did what they were for"),
    ("visible_seconds", "second of a page in sight", "seconds of pages in sight"),
    ("fault_seconds", "second without the service", "seconds without the service"),
];

/// What is counted of the last days, in a feature of that name without its window.
pub(super) fn of_window(what: &str, value: f64) -> Option<String> {
    let (_, one, many) = COUNTED.iter().find(|(name, ..)| *name == what)?;
    Some(counted(value, one, many))
}

/// The sentence of a feature.
pub(super) fn special(feature: &str, value: f64, currency: Option<Currency>) -> Option<String> {
    visits(feature, value).or_else(|| support(feature, value)).or_else(|| others(feature, value, currency))
}

fn visits(feature: &str, value: f64) -> Option<String> {
    let here = |what: String| Some(format!("{what} on the visit under way"));
    match feature {
        "session_stage" => here(match value.round() {
            stage if stage >= 5.0 => "an order".to_owned(),
            stage if stage >= 4.0 => "at the checkout".to_owned(),
            stage if stage >= 3.0 => "something in the cart".to_owned(),
            stage if stage >= 2.0 => "looked at a product".to_owned(),
            _ => "no product looked at".to_owned(),
        }),
        "session_seconds" => here(counted(value.round(), "second", "seconds")),
        "session_pages" => here(counted(value, "page", "pages")),
        "session_searches_in_vain" => here(counted(value, "search in vain", "searches in vain")),
        "session_frustrations" => {
            here(counted(value, "click in anger or without effect", "clicks in anger or without effect"))
        }
        "idle_share_30d" => Some(format!("nothing moved in {} of the time on pages", percent(value))),
        "correction_share_30d" => Some(format!("{} of typing was taken back", percent(value))),
        "search_nothing_share_90d" => Some(format!("{} of searches found nothing", percent(value))),
        "search_click_share_90d" => Some(format!("{} of searches led to a click", percent(value))),
        _ => None,
    }
}

fn support(feature: &str, value: f64) -> Option<String> {
    Some(match feature {
        "tickets_open" => counted(value, "open ticket", "open tickets"),
        "ticket_silent_days" => format!("no word on an open ticket for {}", days(value)),
        "contact_days" => format!("last turned to the company {} ago", days(value)),
        "contact_gap_mean_days" => format!("turned to the company every {} on average", days(value)),
        "call_seconds_mean_365d" => format!("calls take {} on average", counted(value.round(), "second", "seconds")),
        "call_waited_mean_365d" => {
            format!("waited {} in a call on average", counted(value.round(), "second", "seconds"))
        }
        "mood_last" => format!("the last rating is at {} of its scale", percent(value)),
        "csat_mean_365d" => format!("contentment (CSAT) at {} of its scale", percent(value)),
        "nps_mean_365d" => format!("would recommend (NPS) with {} of 10", number(value)),
        "ces_mean_365d" => format!("ease (CES) at {} of its scale", percent(value)),
        _ => return None,
    })
}

fn others(feature: &str, value: f64, currency: Option<Currency>) -> Option<String> {
    Some(match feature {
        "email_open_share_90d" => format!("{} of e-mails opened", percent(value)),
        "email_click_share_90d" => format!("a link followed in {} of e-mails", percent(value)),
        "email_opened_days" => format!("no e-mail opened for {}", days(value)),
        "email_hour" => format!("opens e-mails mostly at {} o'clock (UTC)", number(value)),
        "email_hour_share" => format!("{} of e-mails opened at the same hour", percent(value)),
        "payment_failed_share_365d" => format!("{} of payments failed", percent(value)),
        "payment_failed_days" => format!("the last failed payment {} ago", days(value)),
        "payment_last_failed" if value > 0.5 => "the newest payment failed".to_owned(),
        "payment_last_failed" => "the newest payment went through".to_owned(),
        "chargebacks_all" => format!("{} ever", counted(value, "chargeback", "chargebacks")),
        "subscriptions_active" => counted(value, "active subscription", "active subscriptions"),
        "subscription_amount_30d" => format!("subscriptions come to {} in 30 days", money(value, currency)),
        "renewal_days" if value < 0.0 => format!("a subscription overdue for {}", days(-value)),
        "renewal_days" => format!("a subscription is paid again in {}", days(value)),
        "downgraded_days" => format!("a subscription became less {} ago", days(value)),
        "usage_change_ratio" => beside_usual(
            value,
            [
                "next to no use of the service beside the 30 days before",
                "as much use of the service as in the 30 days before",
            ],
            |share| format!("use of the service at {share} of that of the 30 days before"),
            |times| format!("use of the service {times} times that of the 30 days before"),
        ),
        "usage_slope_90d" if value < 0.0 => format!("use of the service falls by {} in 30 days", percent(-value)),
        "usage_slope_90d" => format!("use of the service rises by {} in 30 days", percent(value)),
        "measured_days" => format!("nothing measured for {}", days(value)),
        "fault_days" => format!("the service last failed {} ago", days(value)),
        "store_visit_days" => format!("the last visit to a shop {} ago", days(value)),
        "decision_click_share_90d" => format!("clicked on {} of what was shown", percent(value)),
        "decision_dismiss_share_90d" => format!("sent away {} of what was shown", percent(value)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use features::Catalogue;

    #[test]
    fn reads_as_people_say_it() {
        for (name, value, expected) in [
            ("session_stage", 3.0, "something in the cart on the visit under way"),
            ("session_stage", 0.0, "no product looked at on the visit under way"),
            ("session_searches_in_vain", 1.0, "1 search in vain on the visit under way"),
            ("payments_failed_90d", 2.0, "2 failed payments in the last 90 days"),
            ("payments_failed_90d", 0.0, "no failed payments in the last 90 days"),
            ("payment_last_failed", 1.0, "the newest payment failed"),
            ("payment_last_failed", 0.0, "the newest payment went through"),
            ("renewal_days", 3.0, "a subscription is paid again in 3 days"),
            ("renewal_days", -2.0, "a subscription overdue for 2 days"),
            ("usage_slope_90d", -0.25, "use of the service falls by 25 % in 30 days"),
            ("usage_change_ratio", 0.0, "next to no use of the service beside the 30 days before"),
            ("usage_change_ratio", 0.4, "use of the service at 40 % of that of the 30 days before"),
            ("usage_change_ratio", 1.0, "as much use of the service as in the 30 days before"),
            ("usage_change_ratio", 1.5, "use of the service 1.5 times that of the 30 days before"),
            ("usage_slope_90d", 0.1, "use of the service rises by 10 % in 30 days"),
            ("emails_delivered_30d", 2.0, "2 e-mails arrived in the last 30 days"),
            ("visible_seconds_7d", 1.0, "1 second of a page in sight in the last 7 days"),
            ("mood_last", f64::NAN, "where on its scale the newest rating lies: not known"),
        ] {
            assert_eq!(text(&Catalogue::built_in(), name, value, 0.1, None), format!("{expected} (+0.1)"));
        }
    }
}
