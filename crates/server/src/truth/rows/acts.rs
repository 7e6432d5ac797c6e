//! Is what is chosen for full carts worth more than the same for everybody, and how much less than the best for each?
//!
//! The carts are those of the futures, and what each offer would earn of them is the company's own truth. What is chosen is asked of
//! the kind as of the end of the history: of every offer how likely it would be, so that no coin is in what it earns.

use super::super::World;
use super::super::arithmetic::interval;
use super::super::cases::{Case, people};
use super::super::row::{About, Estimated, Form, Row, Verdict, row, shown, unanswered};
use crate::error::ServerError;
use decisions::{Actions, Content, ContentShape, Kind, Parameters};
use events::Fields;
use primitives::{AnonymousId, Seed, UserId};
use profiles::Identifier;
use rayon::prelude::*;
use serde_json::Value;
use simulation::{Offer, Question, decision};

/// So many days of carts are looked at,
const N_DAYS: i64 = 30;
/// of so many futures.
const N_FUTURES: u32 = 8;
/// Of fewer customers with carts nothing is sure.
const N_CUSTOMERS_MIN: usize = 30;
/// So much of the way from no offer at all to the oracle is asked for.
const PART: f64 = 0.5;
const N_OFFERS: usize = Offer::ALL.len();

/// Rows for each kind that chooses among actions, where it knows the company's offers.
pub(super) fn rows(world: &World<'_>) -> Result<Vec<Row>, ServerError> {
    let kinds = world.opened.engine.capabilities().kinds.iter();
    let mut rows = Vec::new();
    for kind in kinds.filter(|kind| kind.about().shape == ContentShape::Actions) {
        let parameters = parameters();
        // Who declares none of the offers is not measured by them.
        if kind.check(&parameters).is_err() || !knows(world, kind, &parameters)? {
            continue;
        }
        let earned = earned(world, kind, &parameters)?;
        let form = Form::Money(world.lived.company.settings().currency);
        rows.extend(rows_of(
            &earned,
            (kind.about().name.as_str(), &kind.about().title),
            form,
            world.lived.company.settings().seed,
        ));
    }
    Ok(rows)
}

fn parameters() -> Parameters {
    let names: Vec<Value> = Offer::ALL.iter().map(|offer| offer.name().into()).collect();
    [("among".to_owned(), names.into()), ("n".to_owned(), Value::from(N_OFFERS))].into()
}

fn knows(world: &World<'_>, kind: &dyn Kind, parameters: &Parameters) -> Result<bool, ServerError> {
    let Some(case) = world.cases.all.first() else { return Ok(false) };
    let actions = chosen(world, kind, case, parameters, Fields::new())?;
    let named = actions.chosen.iter().map(|action| &action.id).chain(actions.left_out.values().flatten());
    Ok(named.into_iter().any(|name| Offer::ALL.iter().any(|offer| offer.name() == name)))
}

fn chosen(
    world: &World<'_>,
    kind: &dyn Kind,
    case: &Case,
    parameters: &Parameters,
    context: Fields,
) -> Result<Actions, ServerError> {
    let (engine, asked) = (&world.opened.engine, (parameters.clone(), context));
    let answer = engine.preview_among(case.customer.get(), kind, world.as_of, asked, &world.known.items)?;
    Ok(match answer.content {
        Content::Actions(actions) => *actions,
        _ => Actions::default(),
    })
}

/// What the carts of one customer earn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Earned {
    n_carts: f64,
    /// By what is chosen,
    ours: f64,
    /// by what is best for each cart,
    best: f64,
    /// and by the same offer for each, in the order of [`Offer::ALL`].
    single: [f64; N_OFFERS],
}

fn earned(world: &World<'_>, kind: &dyn Kind, parameters: &Parameters) -> Result<Vec<Earned>, ServerError> {
    let (lived, days) = (world.lived, world.lived.days_ahead(N_DAYS));
    let of_case = |case: &Case| -> Result<Earned, ServerError> {
        let mut earned = Earned::default();
        for person in people(case.customer.get(), lived) {
            for number in 0..N_FUTURES {
                let carts = lived.company.asked(&lived.lives, person, &days, number, decision::OFFER);
                for cart in carts.iter().filter(|cart| is_of(cart, case)) {
                    let context = cart.about.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                    earned.add(cart, &chosen(world, kind, case, parameters, context)?);
                }
            }
        }
        Ok(earned)
    };
    let all: Result<Vec<Earned>, ServerError> = world.cases.all.par_iter().map(of_case).collect();
    Ok(all?.into_iter().filter(|earned| earned.n_carts > 0.0).collect())
}

/// Whether the server would know who asks.
fn is_of(cart: &Question, case: &Case) -> bool {
    let user = cart.user_id.as_deref().map(|id| Identifier::User(UserId::from(id)));
    let device = cart.device.as_deref().map(|id| Identifier::Anonymous(AnonymousId::from(id)));
    let links = &case.customer.get().profile.links;
    user.or(device).is_some_and(|name| links.get(&name).is_some())
}

impl Earned {
    fn add(&mut self, cart: &Question, chosen: &Actions) {
        let Some(usual) = cart.worth.first() else { return };
        self.n_carts += 1.0;
        self.best += cart.worth.iter().copied().fold(*usual, f64::max);
        for (sum, worth) in self.single.iter_mut().zip(&cart.worth) {
            *sum += worth;
        }
        let of = |name: &str| cart.choices.iter().position(|choice| choice == name).and_then(|at| cart.worth.get(at));
        let likely = likely(chosen);
        // Where nothing is chosen, nothing is offered.
        let rest = 1.0 - likely.iter().map(|(_, p)| p).sum::<f64>();
        self.ours += likely.iter().map(|(name, p)| p * of(name).unwrap_or(usual)).sum::<f64>() + rest * usual;
    }
}

/// How likely each action is to be the first, where all of them were drawn one after the other: each says how likely it was among
/// those that were left.
///
/// ```text
/// p_k = q_k * (1 - p_1 - … - p_{k-1})
/// ```
fn likely(actions: &Actions) -> Vec<(&str, f64)> {
    let mut left = 1.0;
    let of = |action: &'_ decisions::ChosenAction| action.propensity.get();
    let each = actions.chosen.iter().map(|action| {
        let p = of(action) * left;
        left -= p;
        (action.id.as_str(), p)
    });
    each.collect()
}

/// By how much what is chosen is beyond the best single offer, and beyond a part of the way to the oracle.
fn rows_of(earned: &[Earned], (kind, title): (&str, &str), form: Form, seed: Seed) -> [Row; 2] {
    let about = |what: &str, says: &str| About {
        name: format!("{kind}.{what}"),
        title: format!("{title}: {says}"),
        form,
        n: earned.len(),
    };
    let single = about("single", "what a full cart earns, beside the best single offer for all");
    let regret = about("regret", "what a full cart earns, beside the best offer for each");
    let sum = |of: &dyn Fn(&Earned) -> f64, drawn: &mut dyn Iterator<Item = usize>| -> Option<f64> {
        let (sum, n) = drawn.fold((0.0, 0.0), |(sum, n), at| (sum + of(&earned[at]), n + earned[at].n_carts));
        (n > 0.0).then_some(sum / n)
    };
    let mean = |of: &dyn Fn(&Earned) -> f64| sum(of, &mut (0..earned.len())).unwrap_or(0.0);
    let means: [f64; N_OFFERS] = std::array::from_fn(|at| mean(&|one: &Earned| one.single[at]));
    let best_at = (0..N_OFFERS).max_by(|a, b| means[*a].total_cmp(&means[*b])).unwrap_or(0);
    let (ours, oracle, best_single, nothing) = (mean(&|one| one.ours), mean(&|one| one.best), means[best_at], means[0]);
    let within = |of: &(dyn Fn(&Earned) -> f64 + Sync)| {
        interval(earned.len(), seed, |drawn| {
            let (sum, n) =
                drawn.iter().fold((0.0, 0.0), |(sum, n), at| (sum + of(&earned[*at]), n + earned[*at].n_carts));
            (n > 0.0).then_some(sum / n)
        })
    };
    let part = |one: &Earned| one.ours - one.single[0] - PART * (one.best - one.single[0]);
    let (Some((low, high)), Some(gain), Some(beyond), Some(lost)) = (
        within(&|one| one.ours),
        within(&|one| one.ours - one.single[best_at]),
        within(&part),
        within(&|one| one.best - one.ours),
    ) else {
        let why = "No customer of the sample fills a cart within a month";
        return [unanswered(single, None, why), unanswered(regret, None, why)];
    };
    let is_enough = earned.len() >= N_CUSTOMERS_MIN;
    let verdict = |of: (f64, f64)| if is_enough { Verdict::of(of) } else { Verdict::Unclear };
    let few = |says: String| match is_enough {
        true => says,
        false => format!("{says}; of fewer than {N_CUSTOMERS_MIN} customers nothing is sure"),
    };
    let estimated = Estimated { estimate: ours, low, high };
    let (name, money) = (Offer::ALL[best_at].name(), |number: f64| shown(form, number));
    let says_single = format!(
        "{} of a cart more than {name} for everybody ({} to {}); no offer at all: {}",
        money(ours - best_single),
        money(gain.0),
        money(gain.1),
        money(nothing)
    );
    let way = oracle - nothing;
    let reached = if way > 0.0 { 100.0 * (ours - nothing) / way } else { 0.0 };
    let says_regret = format!(
        "{} of a cart less than the oracle ({} to {}), {reached:.0} % of the way to it from no offer at all ({}); {:.0} % are asked for",
        money(oracle - ours),
        money(lost.0),
        money(lost.1),
        money(nothing),
        100.0 * PART
    );
    [
        row(single, Some(best_single), Some(estimated), verdict(gain), few(says_single)),
        row(regret, Some(oracle), Some(estimated), verdict(beyond), few(says_regret)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use decisions::ChosenAction;
    use primitives::{Currency, Probability};

    const FORM: Form = Form::Money(Currency::EUR);

    /// Half of the customers earn more with nothing, half with a tenth off; `p` is how likely what is best for them is chosen.
    fn customers(n: u32, p: f64) -> Vec<Earned> {
        let one = |no: u32| {
            let jitter = f64::from(no * 7 % 11) / 10.0;
            let (most, least) = (12.0 + jitter, 6.0 + jitter);
            let single = if no.is_multiple_of(2) { [most, 5.0, least, 5.0] } else { [least, 5.0, most, 5.0] };
            Earned { n_carts: 1.0, ours: p * most + (1.0 - p) * least, best: most, single }
        };
        (0..n).map(one).collect()
    }

    fn verdicts(n: u32, p: f64) -> [Verdict; 2] {
        rows_of(&customers(n, p), ("act", "Next"), FORM, Seed::new(3)).map(|row| row.verdict)
    }

    #[test]
    fn what_chooses_for_each_is_right_and_what_chooses_blindly_is_not() {
        assert_eq!(verdicts(400, 1.0), [Verdict::Right; 2]);
        assert_eq!(verdicts(400, 0.0), [Verdict::Wrong; 2], "who chooses the worst");
        assert_eq!(
            verdicts(400, 0.5),
            [Verdict::Unclear, Verdict::Wrong],
            "who throws a coin is as good as the best single"
        );
        assert_eq!(verdicts(12, 1.0), [Verdict::Unclear; 2], "of a few nothing is sure");
        let [single, regret] = rows_of(&customers(400, 1.0), ("act", "Next"), FORM, Seed::new(3));
        assert_eq!((single.name.as_str(), regret.name.as_str()), ("act.single", "act.regret"));
        assert!(
            regret.says.contains("0.00 EUR of a cart less") && regret.says.contains("100 % of the way"),
            "{}",
            regret.says
        );
        let [single, _] = rows_of(&[], ("act", "Next"), FORM, Seed::new(3));
        assert_eq!((single.verdict, single.estimate), (Verdict::Unclear, None));
    }

    #[test]
    fn of_all_that_was_drawn_it_is_known_how_likely_each_was_the_first() {
        let drawn = |id: &str, p: f64| ChosenAction {
            id: id.to_owned(),
            propensity: Probability::new(p).unwrap(),
            priority: 1.0,
            factors: None,
            reason: String::new(),
            content: Default::default(),
            is_mandatory: false,
        };
        // One of three with 0.2, then one of the other two with 0.5 of 0.8, then what is left.
        let actions =
            Actions { chosen: vec![drawn("a", 0.2), drawn("b", 0.625), drawn("c", 1.0)], ..Actions::default() };
        let found = likely(&actions);
        for ((name, p), (expected, its)) in found.iter().zip([("a", 0.2), ("b", 0.5), ("c", 0.3)]) {
            assert!(*name == expected && (p - its).abs() < 1e-12, "{found:?}");
        }
    }
}
