//! Does a network say what the same network says elsewhere?

use super::super::tensors::tests::of;
use super::*;

const WIDTH: usize = 8;
const INSIDE: usize = 12;
const PIECES: &str = "[UNK]\n[CLS]\n[SEP]\ncard\nlost\n##s\n?";

/// A network of two layers whose numbers are sines.
fn tensors(left_out: &str) -> Vec<u8> {
    let square = vec![WIDTH, WIDTH];
    let row = vec![WIDTH];
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![7, WIDTH]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![6, WIDTH]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, WIDTH]),
        ("embeddings.LayerNorm.weight".to_owned(), row.clone()),
        ("embeddings.LayerNorm.bias".to_owned(), row.clone()),
    ];
    for layer in 0..2 {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        for part in ["query", "key", "value"] {
            shapes.push((name(&format!("attention.self.{part}.weight")), square.clone()));
            shapes.push((name(&format!("attention.self.{part}.bias")), row.clone()));
        }
        for (part, shape) in [
            ("attention.output.dense.weight", square.clone()),
            ("attention.output.dense.bias", row.clone()),
            ("attention.output.LayerNorm.weight", row.clone()),
            ("attention.output.LayerNorm.bias", row.clone()),
            ("intermediate.dense.weight", vec![INSIDE, WIDTH]),
            ("intermediate.dense.bias", vec![INSIDE]),
            ("output.dense.weight", vec![WIDTH, INSIDE]),
            ("output.dense.bias", row.clone()),
            ("output.LayerNorm.weight", row.clone()),
            ("output.LayerNorm.bias", row.clone()),
        ] {
            shapes.push((name(part), shape));
        }
    }
    let filled = shapes.into_iter().zip(0..).map(|((name, shape), tensor)| {
        let above = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        let each = (1..=shape.iter().product())
            .map(|at: usize| above + 0.4 * (0.37 * at as f64 + 1.3 * f64::from(tensor)).sin());
        #[expect(clippy::cast_possible_truncation, reason = "files hold single precision")]
        let numbers: Vec<f32> = each.map(|number| number as f32).collect();
        (name, shape, numbers)
    });
    of(&filled.filter(|(name, ..)| name != left_out).collect::<Vec<_>>())
}

fn network() -> Transformer {
    Transformer::read("tiny", 1.5, 2, PIECES, &tensors("")).unwrap()
}

#[test]
fn what_it_says_is_what_the_formula_says() {
    // The formula of the documentation in numpy 2.4, in double precision.
    let golden: [(&str, [f32; WIDTH]); 3] = [
        ("card", [0.374_896, 0.095_659, -0.357_404, -0.381_309, 0.428_435, -0.610_017, -0.122_377, -0.080_717]),
        ("lost cards?", [0.304_256, -0.055_133, -0.308_288, -0.424_467, 0.436_007, -0.652_178, -0.005_497, -0.117_073]),
        ("zebra card", [0.342_043, -0.231_247, -0.357_574, -0.287_848, 0.371_999, -0.686_283, 0.057_404, -0.078_438]),
    ];
    let network = network();
    let texts: Vec<&str> = golden.iter().map(|(text, _)| *text).collect();
    let at_once = network.encode_all(&texts);
    for ((text, expected), at_once) in golden.iter().zip(&at_once) {
        for said in [&network.encode(text), at_once] {
            for (said, expected) in said.iter().zip(expected) {
                assert!((said - expected).abs() < 2e-5, "{text}: {said}, not {expected}");
            }
        }
    }
    assert_eq!((network.n_dims(), network.name()), (WIDTH, "tiny"));
    // Longer messages than it has places for are read as far as it has.
    assert_eq!(network.encode(&"card ".repeat(500)), network.encode("card card card card"));
    assert!(network.encode("").iter().all(|number| number.is_finite()));
}

#[test]
fn the_error_function_is_that_of_the_books() {
    for (x, expected) in [(0.3, 0.328_626_76), (1.7, 0.983_790_5), (-2.5, -0.999_593_1), (0.0, 0.0), (9.0, 1.0)] {
        assert!((erf(x) - expected).abs() < 1e-6, "{x}: {}", erf(x));
    }
    for at in -600..600 {
        let x = f64::from(at) / 100.0;
        #[expect(clippy::cast_possible_truncation, reason = "single precision is what is tested")]
        let (found, expected) = (erf(x as f32), statrs::function::erf::erf(x) as f32);
        assert!((found - expected).abs() < 1e-6, "{x}: {found}, not {expected}");
    }
}

#[test]
fn a_network_of_which_a_part_is_missing_or_of_another_size_is_refused() {
    for left_out in [
        "embeddings.LayerNorm.bias",
        "encoder.layer.1.attention.self.key.weight",
        "encoder.layer.0.output.dense.weight",
    ] {
        assert!(Transformer::read("tiny", 1.5, 2, PIECES, &tensors(left_out)).is_err(), "{left_out}");
    }
    assert!(Transformer::read("tiny", 1.5, 3, PIECES, &tensors("")).is_err(), "heads that share no width");
    assert!(Transformer::read("tiny", 1.5, 0, PIECES, &tensors("")).is_err());
    assert!(Transformer::read("tiny", 1.5, 2, "[UNK]\n[CLS]\n[SEP]", &tensors("")).is_err(), "fewer pieces than rows");
    assert!(Transformer::read("tiny", 1.5, 2, "[UNK]\na\nb\nc\nd\ne\nf", &tensors("")).is_err(), "no beginning");
    assert!(Transformer::read("tiny", 1.5, 2, PIECES, b"no tensors at all").is_err());
}
