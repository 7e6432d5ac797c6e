//! Is every gradient what finite differences say, and does what is built of the parts learn?

use super::*;
use primitives::Seed;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// How far numbers are moved to see what the loss does: of single precision, so not by little; [`slope_of`] takes the error of it out.
const MOVED: f32 = 1.0 / 32.0;

fn chance() -> ChaCha8Rng {
    Seed::new(11).stream("neural", 0)
}

fn by_chance(n_rows: usize, n_columns: usize, chance: &mut ChaCha8Rng) -> Matrix {
    let mut found = Matrix::zeros(n_rows, n_columns);
    found.values_mut().fill_with(|| 2.0 * chance.random::<f32>() - 1.0);
    found
}

/// The slope of a loss where one number of it moves: central differences, extrapolated to no movement (Richardson).
fn slope_of(mut loss: impl FnMut(f32) -> f64) -> f64 {
    let mut rise = |h: f32| (loss(h) - loss(-h)) / f64::from(2.0 * h);
    (4.0 * rise(MOVED) - rise(2.0 * MOVED)) / 3.0
}

fn assert_slopes(said: &[f32], differences: &[f64], what: &str) {
    let size = differences.iter().fold(0.0_f64, |size, slope| size.max(slope.abs()));
    assert!(size > 1e-3, "{what}: a slope of nothing shows nothing");
    assert_eq!(said.len(), differences.len(), "{what}");
    for (at, (said, found)) in said.iter().zip(differences).enumerate() {
        assert!((f64::from(*said) - found).abs() < 1e-3 * size, "{what}, number {at}: {said} and {found}");
    }
}

/// Checks every parameter and every input of a network.
fn assert_gradients(network: &Network, input: &Matrix, n_outputs: usize) {
    let target = by_chance(input.n_rows(), n_outputs, &mut chance());
    let weights: Vec<f32> = (0..input.n_rows()).map(|row| [0.5, 1.0, 2.0][row % 3]).collect();
    let loss = |network: &Network, input: &Matrix| {
        let pass = network.forward(input.clone(), &mut chance());
        squared(pass.output(), &target, Some(&weights)).0
    };
    let pass = network.forward(input.clone(), &mut chance());
    let gradients = network.backward(&pass, squared(pass.output(), &target, Some(&weights)).1);
    let sizes: Vec<usize> = gradients.parameters.iter().map(Vec::len).collect();
    for (which, size) in sizes.into_iter().enumerate() {
        let differences: Vec<f64> = (0..size)
            .map(|at| {
                slope_of(|h| {
                    let mut moved = network.clone();
                    let mut moves: Vec<Vec<f32>> = gradients.parameters.iter().map(|g| vec![0.0; g.len()]).collect();
                    moves[which][at] = h;
                    moved.parameters().into_iter().zip(&moves).for_each(|(parameter, h)| parameter.moved_by(h));
                    loss(&moved, input)
                })
            })
            .collect();
        assert_slopes(&gradients.parameters[which], &differences, &format!("parameter {which}"));
    }
    let moved_input = |at: usize, h: f32| {
        let mut moved = input.clone();
        moved.values_mut()[at] += h;
        loss(network, &moved)
    };
    let n_inputs = input.values().len();
    let differences: Vec<f64> = (0..n_inputs).map(|at| slope_of(|h| moved_input(at, h))).collect();
    assert_slopes(gradients.input.values(), &differences, "input");
}

#[test]
fn gradients_of_every_layer_are_what_the_loss_does() {
    for activation in [Activation::Identity, Activation::Tanh, Activation::Gelu] {
        let mut chance = chance();
        let input = by_chance(7, 4, &mut chance);
        let layers = vec![
            Layer::dense(4, 6, activation, &mut chance),
            Layer::Norm(Norm::new(6)),
            Layer::Dropout(0.3),
            Layer::dense(6, 3, activation, &mut chance),
        ];
        assert_gradients(&Network::new(layers), &input, 3);
    }
}

#[test]
fn a_learned_norm_and_bias_are_led_back_too() {
    let mut chance = chance();
    // Rows that spread far: one of nearly equal numbers bends too sharply for differences.
    let mut input = by_chance(5, 3, &mut chance);
    (0..5).for_each(|row| input.row_mut(row).iter_mut().zip([-3.0, 0.0, 4.0]).for_each(|(x, by)| *x += by));
    let layers = vec![Layer::Norm(Norm::new(3)), Layer::dense(3, 2, Activation::Tanh, &mut chance)];
    let mut network = Network::new(layers);
    let moves = [vec![0.5, -0.3, 0.2], vec![0.1, 0.4, -0.2], vec![0.0; 6], vec![0.3, -0.6]];
    network.parameters().into_iter().zip(&moves).for_each(|(parameter, by)| parameter.moved_by(by));
    assert_gradients(&network, &input, 2);
}

#[test]
fn gradients_of_relu_are_what_the_loss_does_away_from_its_edge() {
    let mut chance = chance();
    // Every sum before the bend lies at least 2 · MOVED · |input| away from it: a bias of ±1, inputs within ±0.25.
    let input = by_chance(6, 3, &mut chance).map(|x| x / 8.0);
    let layers =
        vec![Layer::dense(3, 4, Activation::Relu, &mut chance), Layer::dense(4, 2, Activation::Identity, &mut chance)];
    let mut network = Network::new(layers);
    let moves = [vec![0.0; 12], vec![1.0, 1.0, 1.0, 1.0], vec![0.0; 8], vec![0.0; 2]];
    network.parameters().into_iter().zip(&moves).for_each(|(parameter, by)| parameter.moved_by(by));
    assert_gradients(&network, &input, 2);
}

#[test]
fn slopes_of_the_losses_are_what_they_do() {
    let mut chance = chance();
    let output = by_chance(4, 5, &mut chance).map(|x| 3.0 * x);
    let yes = by_chance(4, 5, &mut chance).map(|x| f32::from(x > 0.0));
    let (weights, items, chosen) = ([1.0, 0.5, 2.0, 0.0], [7, 9, 7, 3, 2], [0, 1, 2, 4]);
    let log_q = [-1.0, 0.5, -1.0, 0.2, -2.0];
    let passed_over = [vec![1], vec![], vec![2], vec![3, 0]];
    let candidates = Candidates { items: &items, log_q: &log_q, chosen: &chosen, passed_over: &passed_over };
    type Loss<'a> = &'a dyn Fn(&Matrix) -> (f64, Matrix);
    let losses: [(&str, Loss<'_>); 4] = [
        ("squared", &|output| squared(output, &yes, Some(&weights))),
        ("logistic", &|output| logistic(output, &yes, Some(&weights))),
        ("logistic without weights", &|output| logistic(output, &yes, None)),
        ("softmax", &|output| sampled_softmax(output, candidates)),
    ];
    for (name, loss) in losses {
        let moved = |at: usize, h: f32| {
            let mut moved = output.clone();
            moved.values_mut()[at] += h;
            loss(&moved).0
        };
        let differences: Vec<f64> = (0..20).map(|at| slope_of(|h| moved(at, h))).collect();
        assert_slopes(loss(&output).1.values(), &differences, name);
    }
}

#[test]
fn losses_are_those_by_hand() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} and {b}");
    let output = Matrix::from_rows(2, &[0.0, 2.0]);
    let target = Matrix::from_rows(2, &[1.0, 0.0]);
    near(squared(&output, &target, None).0, (0.5 + 2.0) / 2.0);
    near(squared(&output, &target, Some(&[3.0, 1.0])).0, (3.0 * 0.5 + 2.0) / 4.0);
    near(logistic(&output, &target, None).0, (2.0_f64.ln() + 2.0 + (-2.0_f64).exp().ln_1p()) / 2.0);
    let far = Matrix::from_rows(2, &[200.0, -200.0]);
    near(logistic(&far, &target, None).0, 0.0);
    // Of three columns the first two are the same item: the second does not count against the first.
    let (items, chosen) = ([5, 5, 8], [0]);
    let candidates = |log_q| Candidates { items: &items, log_q, chosen: &chosen, passed_over: &[] };
    let scores = Matrix::from_rows(1, &[1.0, 9.0, 2.0]);
    near(sampled_softmax(&scores, candidates(&[0.0; 3])).0, 1.0_f64.exp().ln_1p());
    // What had been chosen before counts as nothing, too; what was chosen now does.
    let before = Candidates { passed_over: &[vec![0, 2]], ..candidates(&[0.0; 3]) };
    near(sampled_softmax(&scores, before).0, 0.0);
    // Drawn e times as often, the other counts e times less.
    near(sampled_softmax(&scores, candidates(&[0.0, 0.0, 1.0])).0, 2.0_f64.ln());
}

#[test]
fn bags_are_pooled_and_led_back() {
    let mut chance = chance();
    let table = Embedding::new(6, 3, 0.5, &mut chance);
    assert!(table.table().values().iter().all(|value| value.abs() <= 0.5));
    let mut bags = Bags::default();
    assert!(bags.is_empty());
    bags.push([(2, 1.0), (4, -0.5), (2, 0.25)]);
    bags.push([]);
    bags.push([(4, 2.0)]);
    let target = by_chance(3, 3, &mut chance);
    let loss = |table: &Embedding| squared(&bags.pool(table.table()), &target, None);
    assert_eq!(bags.pool(table.table()).row(1), [0.0; 3]);
    assert_eq!(Bags::single(&[5, 1]).pool(table.table()), table.table().select([5, 1]));
    let gradients = bags.backward(&loss(&table).1);
    assert_eq!(gradients.rows, [2, 4]);
    let moved = |row: usize, column: usize, h: f32| {
        let mut moved = table.clone();
        moved.row_mut(row)[column] += h;
        loss(&moved).0
    };
    let of = |row| (0..3).map(move |column| (row, column));
    let mut whole = by_chance(6, 3, &mut chance);
    let before = whole.clone();
    gradients.add_to(&mut whole);
    assert_eq!((whole.row(0), whole.row(3)), (before.row(0), before.row(3)));
    assert!((whole.row(4)[1] - before.row(4)[1] - gradients.values.row(1)[1]).abs() < 1e-6);
    let differences: Vec<f64> = of(2).chain(of(4)).map(|(r, c)| slope_of(|h| moved(r, c, h))).collect();
    assert_slopes(gradients.values.values(), &differences, "table");
}

#[test]
fn dropout_drops_as_many_as_it_says_and_keeps_the_sum() {
    let network = Network::new(vec![Layer::Dropout(0.25)]);
    let ones = Matrix::from_rows(100, &[1.0; 10_000]);
    let pass = network.forward(ones.clone(), &mut chance());
    let n_dropped = pass.output().values().iter().filter(|value| **value <= 0.0).count();
    assert!((2_200..2_800).contains(&n_dropped), "{n_dropped}");
    assert!(pass.output().values().iter().all(|value| *value <= 0.0 || (value - 4.0 / 3.0).abs() < 1e-6));
    assert_eq!(network.answer(&ones), ones);
    assert_eq!(network.backward(&pass, ones.clone()).input, *pass.output());
}

#[test]
fn a_network_that_does_not_fit_together_is_known() {
    let mut chance = chance();
    let mut layer = |n_in, n_out| Layer::dense(n_in, n_out, Activation::Relu, &mut chance);
    let network = Network::new(vec![layer(3, 5), Layer::Norm(Norm::new(5)), Layer::Dropout(0.5), layer(5, 2)]);
    assert_eq!(network.n_outputs_if_sound(3), Some(2));
    assert_eq!(network.n_outputs_if_sound(4), None);
    assert_eq!(Network::new(vec![layer(3, 5), layer(4, 1)]).n_outputs_if_sound(3), None);
    assert_eq!(Network::new(vec![Layer::Norm(Norm::new(4))]).n_outputs_if_sound(3), None);
    assert_eq!(Network::new(vec![Layer::Dropout(1.0)]).n_outputs_if_sound(3), None);
    let mut broken = network.clone();
    broken.parameters().into_iter().for_each(|parameter| parameter.moved_by(&[f32::NAN; 64]));
    assert_eq!(broken.n_outputs_if_sound(3), None);
}

/// Two rings around each other: no line parts them.
fn rings(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut chance = chance();
    let rows = (0..n).map(|row| {
        let (angle, radius) = (chance.random::<f64>() * std::f64::consts::TAU, if row % 2 == 0 { 1.0 } else { 2.0 });
        ([radius * angle.cos(), radius * angle.sin()], f64::from(u8::from(row % 2 == 1)))
    });
    let (rows, labels): (Vec<[f64; 2]>, Vec<f64>) = rows.unzip();
    (rows.concat(), labels)
}

#[test]
fn what_no_line_can_part_is_learned_the_same_on_any_number_of_threads() {
    let (data, labels) = rings(600);
    let frame = crate::Frame::new(&data, 600, 2).unwrap();
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| MlpSettings::default().fit(frame, &labels, None, Seed::new(5)).unwrap())
    };
    let model = with(1);
    assert_eq!(model.to_bytes(), with(3).to_bytes());
    let n_right = (0..600).filter(|row| (model.score(frame.row(*row)) > 0.0) == (labels[*row] > 0.5)).count();
    assert!(n_right > 580, "{n_right} of 600");
    let line = MlpSettings { n_layers: 0, ..MlpSettings::default() };
    let line = line.fit(frame, &labels, None, Seed::new(5)).unwrap();
    let n_right = (0..600).filter(|row| (line.score(frame.row(*row)) > 0.0) == (labels[*row] > 0.5)).count();
    assert!(n_right < 450, "a line parts rings: {n_right} of 600");
}

#[test]
fn a_number_is_learned_where_features_are_missing() {
    let mut chance = chance();
    let rows: Vec<[f64; 2]> = (0..500)
        .map(|row| [if row % 4 == 0 { f64::NAN } else { chance.random::<f64>() * 100.0 }, chance.random::<f64>()])
        .collect();
    let numbers: Vec<f64> =
        rows.iter().map(|row| if row[0].is_nan() { 5_000.0 } else { 1_000.0 + 10.0 * row[0] }).collect();
    let data = rows.concat();
    let frame = crate::Frame::new(&data, 500, 2).unwrap();
    let model = MlpSettings::default().fit_number(frame, &numbers, None, Seed::new(5)).unwrap();
    let off: f64 =
        rows.iter().zip(&numbers).map(|(row, number)| (model.score(row) - number).abs()).sum::<f64>() / 500.0;
    assert!(off < 60.0, "{off}");
    // All numbers equal: that is the answer.
    let same = MlpSettings::default().fit_number(frame, &[3.5; 500], None, Seed::new(5)).unwrap();
    assert!((same.score(&[1.0, f64::NAN]) - 3.5).abs() < 1e-9);
}
