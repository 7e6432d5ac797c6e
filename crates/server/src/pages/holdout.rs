//! What were decisions worth, against customers who are held out of them?

use super::Asked;
use super::visit::Visit;
use super::words::{turned, unmarked};
use crate::app::App;
use crate::counting::COUNTING;
use crate::error::ServerError;
use crate::months::month;
use axum::extract::Query;
use axum::response::Response;
use console::format::{counted, date_time};
use console::view::{Earned, Frame, HoldoutPage, KpiLine, LiftLine, ReportPage};
use engine::{Measured, Worth};
use measurement::Interval;
use measurement::experiment::Finding;
use measurement::kpi::{Kpi, Made};
use primitives::{Timestamp, capital};

/// So many months can be chosen from.
const N_MONTHS: usize = 6;

/// `/holdout`.
pub(super) async fn show(visit: Visit) -> Response {
    visit.page(|app, frame| Ok(fill(app, frame)?.render())).await
}

/// `/report`.
pub(super) async fn report(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill_report(app, frame, asked.get("month").map(String::as_str))?.render())).await
}

fn fill(app: &App, frame: Frame) -> Result<HoldoutPage, ServerError> {
    let measured = app.engine.measured_lately(None)?;
    let share = app.engine.capabilities().holdout.share;
    let share = match share > 0.0 {
        true => format!("{:.1} % of the customers are.", 100.0 * share),
        false => "Nobody is held out of everything: set share in [holdout] of rapport.toml.".to_owned(),
    };
    let (told, when) = earned(app, measured.as_deref());
    Ok(HoldoutPage { frame, told, share: format!("{share} {when}") })
}

fn fill_report(app: &App, frame: Frame, asked: Option<&str>) -> Result<ReportPage, ServerError> {
    let months = months(frame.now);
    let named = asked.or_else(|| months.first().map(|(name, _)| name.as_str())).unwrap_or_default().to_owned();
    let period = month(&named)?;
    let measured = app.engine.measured_lately(Some(period))?;
    let months = months.into_iter().map(|(name, word)| (format!("/report?month={name}"), word)).collect();
    let (told, when) = earned(app, measured.as_deref());
    let mut all = vec![when];
    all.extend(measured.iter().flat_map(|measured| unknown(app, measured, frame.now < period.1)));
    Ok(ReportPage { told, month: in_words(period.0), months, unknown: all, frame })
}

/// The newest months, by their names and in words.
fn months(now: Timestamp) -> Vec<(String, String)> {
    let mut months: Vec<(String, String)> = Vec::new();
    let mut at = now;
    while months.len() < N_MONTHS {
        let name: String = at.date().chars().take("2026-11".len()).collect();
        let Ok((from, _)) = month(&name) else { break };
        months.push((name, in_words(from)));
        at = from.plus_days(-1);
    }
    months
}

/// `November 2026`.
fn in_words(first: Timestamp) -> String {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let date = first.date();
    let mut parts = date.split('-');
    let (year, number) =
        (parts.next().unwrap_or_default(), parts.next().and_then(|number| number.parse::<usize>().ok()));
    let name = number.and_then(|number| NAMES.get(number.saturating_sub(1))).copied().unwrap_or_default();
    format!("{name} {year}")
}

/// What was counted, and when, in a sentence; nothing where it is being counted.
fn earned(app: &App, measured: Option<&Measured>) -> (Earned, String) {
    match measured {
        Some(measured) => (money(app, measured), format!("Counted {}.", date_time(measured.at))),
        None => (Earned::default(), COUNTING.to_owned()),
    }
}

fn money(app: &App, measured: &Measured) -> Earned {
    let kinds = &app.engine.capabilities().kinds;
    let title = |name: &String| kinds.get(name).map_or_else(|_| name.clone(), |kind| kind.about().title.clone());
    let all = std::iter::once(line("All decisions".to_owned(), &measured.all));
    let measures = &app.engine.capabilities().measures;
    let report = &measured.all.kpis;
    let is_told = measured.all.lift.control.is_some();
    let kpi = |name: &str| measures.kpis.iter().find(|kpi| kpi.name == name);
    let kpis = report.metrics.iter().chain(&report.guardrails).filter(|_| is_told);
    let flow = &measured.all.flow;
    Earned {
        measure: capital(&measured.all.measure),
        currency: measures.currency.map(|currency| currency.to_string()),
        lines: all.chain(measured.kinds.iter().map(|(name, worth)| line(title(name), worth))).collect(),
        kpis: kpis.map(|finding| kpi_line(kpi(&finding.metric), finding)).collect(),
        of_time: of_time(measured.period.is_some()),
        way: Some(flow.says.clone()).filter(|_| !flow.steps.is_empty()),
        n_left_out: measured.n_left_out,
    }
}

/// Of which time it is told. Two pages tell of two, and so of two numbers.
fn of_time(is_of_month: bool) -> &'static str {
    match is_of_month {
        true => {
            "It counts what customers brought in this month, however long ago they were first decided for. Lift counts as many days of each from \
             then on, whichever month they lie in: so it tells other numbers, and both are right."
        }
        false => {
            "It counts so many days of each customer from when they were first decided for, whichever month they lie in. The report counts what \
             customers brought in a month, however long ago that was: so it tells other numbers, and both are right."
        }
    }
}

fn line(title: String, worth: &Worth) -> LiftLine {
    let lift = &worth.lift;
    let with = |value: Option<f64>, interval: Option<Interval>| {
        value.zip(interval).map(|(value, interval)| (value, interval.low, interval.high))
    };
    LiftLine {
        title,
        held_out: (lift.n_control, lift.control),
        treated: (lift.n_treated, lift.treated),
        lift: with(lift.lift, lift.interval),
        money: with(lift.money, lift.money_interval),
        sequential: lift.sequential.map(|interval| (interval.low, interval.high)),
        srm: (lift.srm.ok, Some(lift.srm.p).filter(|p| p.is_finite() && lift.n_control > 0)),
        says: plainly(&lift.says),
        reason: lift.reason.as_deref().map(plainly),
    }
}

fn kpi_line(kpi: Option<&Kpi>, finding: &Finding) -> KpiLine {
    let compared = &finding.compared;
    let is_did = |made: &Made| matches!(made, Made::Did { .. });
    KpiLine {
        title: kpi.map_or_else(|| finding.metric.clone(), |kpi| kpi.title.clone()),
        is_share: kpi.is_some_and(|kpi| is_did(&kpi.numerator) && kpi.denominator.as_ref().is_none_or(is_did)),
        held_out: compared.control,
        treated: compared.treated,
        lift: compared.lift.map(|lift| (lift.value, lift.fixed.low, lift.fixed.high)),
        note: turned((compared.control, compared.treated), compared.lift.map(|lift| lift.value)),
        bearing: finding.bearing.name(),
        reason: compared.reason.as_deref().map(plainly),
    }
}

/// A sentence of the mathematics as a page says it: arms by who is in them, and no marks of code.
fn plainly(text: &str) -> String {
    let who = [("control", "those held out"), ("treated", "those decided for")];
    let said = who.into_iter().fold(text.to_owned(), |text, (arm, who)| {
        let in_arm = text.replace(&format!("in the arm `{arm}`"), &format!("among {who}"));
        in_arm.replace(&format!("the arm `{arm}`"), who)
    });
    unmarked(&said)
}

/// What the numbers of a report leave open.
fn unknown(app: &App, measured: &Measured, is_open: bool) -> Vec<String> {
    let settings = &app.settings.money;
    let mut unknown = Vec::new();
    if is_open {
        unknown.push("The month is not over: what is told is of its days so far.".to_owned());
    }
    if settings.margin <= 0.0 {
        let why = "Margin: nobody said which share of revenue is left, so revenue is told. Set margin in [money].";
        unknown.push(why.to_owned());
    } else {
        let share = format!("Margin is taken for {:.0} % of revenue, whatever was sold.", 100.0 * settings.margin);
        unknown.push(share);
    }
    if settings.contact_cost.is_empty() {
        unknown.push("Cost to serve: nobody said what a contact costs. Set contact_cost in [money].".to_owned());
    }
    if measured.all.lift.currency.is_none() {
        unknown.push(
            "Currency: none is set, so that which most customers paid in is told. Set default in [currency]."
                .to_owned(),
        );
    }
    unknown.push("Orders in other currencies count as orders, and what they were worth is not added.".to_owned());
    unknown.push("What was paid back is told beside, and not taken off what was earned.".to_owned());
    for (name, worth) in &measured.kinds {
        if let Some(reason) = &worth.lift.reason {
            let kind = app.engine.capabilities().kinds.get(name);
            let title = kind.map_or_else(|_| name.clone(), |kind| kind.about().title.clone());
            unknown.push(format!("{title}: {}.", plainly(reason)));
        }
    }
    if measured.n_left_out > 0 {
        let who = counted(measured.n_left_out, "customer is", "customers are");
        unknown.push(format!("{who} on neither side: they do not permit analytics."));
    }
    unknown
        .push("What Rapport itself costs to run, and what decisions do after their window, is not in it.".to_owned());
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_of_code_is_on_a_page() {
        let said = plainly("there is nobody in the arm `control` yet: set `share`, and the share of the arm `treated`");
        assert_eq!(said, "there is nobody among those held out yet: set share, and the share of those decided for");
    }

    #[test]
    fn the_newest_months_come_first_and_go_over_the_year() {
        let months = months(Timestamp::parse("2027-02-28T23:00:00Z").unwrap());
        let words: Vec<&str> = months.iter().map(|(_, word)| word.as_str()).collect();
        let expected =
            ["February 2027", "January 2027", "December 2026", "November 2026", "October 2026", "September 2026"];
        assert_eq!(words, expected);
        assert_eq!(months[2].0, "2026-12");
    }
}
