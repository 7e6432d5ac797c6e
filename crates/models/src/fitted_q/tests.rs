//! Does looking ahead find what value iteration finds, and keep what estimators keep?

use super::*;
use rand::RngExt as _;

const N_STATES: usize = 4;
const WAIT: usize = 0;
const OFFER: usize = 1;

/// Weeks since the last offer, up to three. An offer brings more the longer it was awaited, and nothing right after another.
fn step(state: usize, action: usize) -> (f64, usize) {
    match action {
        OFFER => ([0.15, 0.3, 0.7, 2.0][state], 0),
        _ => (0.1, (state + 1).min(N_STATES - 1)),
    }
}

fn one_hot(state: usize) -> [f64; N_STATES] {
    std::array::from_fn(|at| f64::from(u8::from(at == state)))
}

/// Value iteration, in the plainest form.
fn truth(discount: f64) -> [[f64; 2]; N_STATES] {
    let mut q = [[0.0; 2]; N_STATES];
    for _ in 0..3_000 {
        let of = |state, action| {
            let (reward, next) = step(state, action);
            reward + discount * f64::max(q[next][0], q[next][1])
        };
        q = std::array::from_fn(|state| [of(state, WAIT), of(state, OFFER)]);
    }
    q
}

#[derive(Clone, Default)]
struct Log {
    x: Vec<f64>,
    next: Vec<f64>,
    action: Vec<u32>,
    reward: Vec<f64>,
    terminal: Vec<bool>,
    customer: Vec<u64>,
    weight: Vec<f64>,
}

impl Log {
    fn push(&mut self, other: &Self, row: usize) {
        self.x.extend(&other.x[row * N_STATES..][..N_STATES]);
        self.next.extend(&other.next[row * N_STATES..][..N_STATES]);
        self.action.push(other.action[row]);
        self.reward.push(other.reward[row]);
        self.terminal.push(other.terminal[row]);
        self.customer.push(other.customer[row]);
        self.weight.push(1.0);
    }

    fn fit(&self, settings: &FittedQSettings) -> Result<FittedQ, ModelError> {
        let n = self.action.len();
        let rows = Transitions {
            x: Frame::new(&self.x, n, N_STATES)?,
            action: &self.action,
            reward: &self.reward,
            next: Frame::new(&self.next, n, N_STATES)?,
            terminal: &self.terminal,
            customer: &self.customer,
            weight: Some(&self.weight),
        };
        settings.fit(&rows, 2, Seed::new(5))
    }
}

/// Customers who got an offer by a coin each week, with rewards that vary by `noise`.
fn log(n_customers: u64, noise: f64) -> Log {
    let mut log = Log::default();
    for customer in 0..n_customers {
        let (mut chance, mut state) = (Seed::new(3).stream("coin", customer), 3);
        for _ in 0..20 {
            let action = usize::from(chance.random_bool(0.5));
            let (reward, next) = step(state, action);
            log.x.extend(one_hot(state));
            log.next.extend(one_hot(next));
            log.action.push(u32::try_from(action).unwrap());
            log.reward.push(reward + noise * (chance.random::<f64>() - 0.5));
            log.terminal.push(false);
            log.customer.push(customer);
            log.weight.push(1.0);
            state = next;
        }
    }
    log
}

fn exact(discount: f64) -> FittedQSettings {
    FittedQSettings { ridge: 1e-9, discount, n_iterations: 2_000 }
}

#[test]
fn where_every_state_has_its_own_input_it_is_value_iteration() {
    for discount in [0.0, 0.5, 0.9] {
        let (q, truth) = (log(40, 0.0).fit(&exact(discount)).unwrap(), truth(discount));
        for (state, worth) in truth.iter().enumerate() {
            for (action, worth) in worth.iter().enumerate() {
                let found = q.value(&one_hot(state), action);
                assert!((found - worth).abs() < 1e-6, "{discount} {state} {action}: {found} for {worth}");
            }
        }
    }
}

/// One step ahead every week looks like one for an offer; with what follows, every fourth is.
#[test]
fn carry_over_makes_it_wait() {
    let log = log(200, 0.2);
    let cadence = |discount| {
        let q = log.fit(&FittedQSettings { ridge: 0.1, discount, ..FittedQSettings::default() }).unwrap();
        [0, 1, 2, 3].map(|state| q.best(&one_hot(state)))
    };
    assert_eq!(cadence(0.0), [OFFER; 4]);
    assert_eq!(cadence(0.9), [WAIT, WAIT, WAIT, OFFER]);
}

#[test]
fn it_keeps_the_contract_of_estimators() {
    let (log, settings) = (log(60, 0.3), FittedQSettings::default());
    let q = log.fit(&settings).unwrap();
    assert_eq!(q, log.fit(&settings).unwrap());
    assert_eq!(q, FittedQ::from_bytes(&q.to_bytes().unwrap()).unwrap());
    let mut cut = q.to_bytes().unwrap();
    cut.pop();
    assert!(FittedQ::from_bytes(&cut).is_err() && FittedQ::from_bytes(&[]).is_err());
    let near = |other: &FittedQ| {
        (0..N_STATES).all(|state| {
            let (own, others) = (q.values(&one_hot(state)), other.values(&one_hot(state)));
            own.iter().zip(others).all(|(a, b)| (a - b).abs() < 1e-8)
        })
    };
    let n = log.action.len();
    let mut turned = Log::default();
    (0..n).rev().for_each(|row| turned.push(&log, row));
    assert!(near(&turned.fit(&settings).unwrap()));
    // A weight of 2 is two rows, a weight of 0 none.
    let (mut heavy, mut twice) = (log.clone(), log.clone());
    for row in (0..n).step_by(3) {
        heavy.weight[row] = 2.0;
        twice.push(&log, row);
    }
    let (heavy, twice) = (heavy.fit(&settings).unwrap(), twice.fit(&settings).unwrap());
    assert!(!near(&heavy));
    for state in 0..N_STATES {
        let pairs = heavy.values(&one_hot(state)).into_iter().zip(twice.values(&one_hot(state)));
        pairs.for_each(|(a, b)| assert!((a - b).abs() < 1e-8));
    }
    let mut more = log.clone();
    more.push(&log, 0);
    (more.reward[n], more.weight[n], more.customer[n]) = (1e9, 0.0, 777);
    assert_eq!(q, more.fit(&settings).unwrap());
}

#[test]
fn values_stay_within_what_rewards_can_sum_to() {
    let mut log = log(10, 0.0);
    // Inputs that grow from step to step drive an unbounded iteration to infinity.
    log.next.iter_mut().for_each(|x| *x *= 1_000.0);
    let q = log.fit(&FittedQSettings { discount: 0.99, ..FittedQSettings::default() }).unwrap();
    for x in [[1e6; N_STATES], [-1e6; N_STATES], [f64::NAN; N_STATES]] {
        assert!(q.values(&x).iter().all(|value| (0.0..=200.0 + 1e-9).contains(value)));
    }
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let good = log(20, 0.0);
    let said = |change: &dyn Fn(&mut Log)| {
        let mut log = good.clone();
        change(&mut log);
        log.fit(&FittedQSettings::default()).unwrap_err().to_string()
    };
    assert!(said(&|log| log.reward[3] = f64::NAN).contains("the reward of row 3 is NaN"));
    assert!(said(&|log| log.action[3] = 2).contains("below the number of actions"));
    assert!(said(&|log| log.x[4] = 1e7).contains("an input of row 1 is 10000000"));
    assert!(said(&|log| log.next[9] = -1e7).contains("an input of row 2"));
    assert!(said(&|log| log.weight[0] = -1.0).contains("-1"));
    assert!(said(&|log| log.action.fill(0)).contains("action 1 was not taken"));
    assert!(said(&|log| log.customer.fill(0)).contains("was not taken"));
    assert!(said(&|log| log.weight.fill(0.0)).contains("at least"));
    assert!(said(&|log| log.terminal.clear()).contains("what is terminal"));
    let beyond = FittedQSettings { discount: 1.0, ..FittedQSettings::default() };
    assert!(good.fit(&beyond).unwrap_err().to_string().contains("discount is 1"));
}
