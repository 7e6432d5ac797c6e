//! Are the lifetime values those that were published? The customers of CDNOW, fetched once.

use import::Silent;
use models::value::{Estimate, Purchases, ValueSettings};
use primitives::Probability;
use server::demo::Fetcher;
use std::io::Read;
use std::path::PathBuf;

/// Where the customers lie in the package.
const FILE: &str = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv";
const N_CUSTOMERS: usize = 2_357;
/// As far as the golden numbers are certain: other searches end at slightly other places of the flat top.
const TOLERANCE: f64 = 1e-3;

/// The purchases of every customer in weeks, and the mean amount of those after the first.
fn customers() -> (Vec<Purchases>, Vec<f64>) {
    let directory = std::env::var("RAPPORT_REAL_DATA_DIR").expect("run this test with `cargo xtask test-real`");
    let fetcher = Fetcher {
        requirement: "lifetimes==0.11.3".to_owned(),
        file_name: "Lifetimes-0.11.3-py3-none-any.whl".to_owned(),
        sha256: "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8".to_owned(),
        ..Fetcher::ta_feng()
    };
    let wheel = fetcher.fetch(&PathBuf::from(directory), &Silent).unwrap_or_else(|error| panic!("{error}"));
    let mut archive = zip::ZipArchive::new(std::fs::File::open(wheel).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name(FILE).unwrap().read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("ID,x,t_x,T,zbar"));
    let customer = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<f64>().unwrap();
        (Purchases { frequency: cells[1].parse().unwrap(), recency: number(2), age: number(3) }, number(4))
    };
    lines.map(customer).unzip()
}

fn assert_near(found: f64, expected: f64, what: &str) {
    println!("{what}: {found:.6}, published {expected}");
    assert!((found - expected).abs() < TOLERANCE, "{what}: {found} is not {expected}");
}

#[test]
fn the_customers_of_cdnow_are_what_was_published() {
    // Made with lifetimes 0.11.3: BetaGeoFitter() and GammaGammaFitter(), both without a penalty, the latter on the 946
    // customers who bought again. Fader, Hardie and Lee 2005, table 2, give .243, 4.414, .793 and 2.426 and the likelihood
    // -9582.4. The standard errors are the column se(coef) of the fitters' summary.
    let (purchases, spend) = customers();
    assert_eq!(purchases.len(), N_CUSTOMERS);
    let model = ValueSettings::default().fit(&purchases, &spend).unwrap();
    let (bg, gg) = (model.bg_nbd(), model.gamma_gamma());
    let golden: [(&str, Estimate, f64, f64); 7] = [
        ("r", bg.r, 0.242_593, 0.012_557),
        ("alpha", bg.alpha, 4.413_532, 0.378_221),
        ("a", bg.a, 0.792_886, 0.185_719),
        ("b", bg.b, 2.425_753, 0.705_345),
        ("p", gg.p, 6.2488, 1.189_69),
        ("q", gg.q, 3.744_59, 0.290_166),
        ("v", gg.v, 15.447_7, 4.159_99),
    ];
    for (name, found, value, error) in golden {
        assert_near(found.value, value, name);
        let apart = (found.standard_error / error - 1.0).abs();
        println!("standard error of {name}: {:.6}, expected {error}", found.standard_error);
        assert!(apart < 0.01, "standard error of {name}: {} is not {error}", found.standard_error);
    }
    assert_near(bg.log_likelihood, -9_582.425_6, "log-likelihood of purchases");
    assert_near(gg.log_likelihood, -4_055.923_2, "log-likelihood of amounts");
    let level = Probability::new(0.9).unwrap();
    let first = (&purchases[0], spend[0]);
    assert_near(model.p_alive(first.0).get(), 0.726_609, "P(alive), first customer");
    assert_near(model.purchases(first.0, 39.0, level).mean, 1.225_91, "purchases in 39 weeks, first customer");
    for (row, expected) in [24.6586, 18.9115, 35.1710].into_iter().enumerate() {
        let found = model.spend_per_purchase(&purchases[row], spend[row], level).mean;
        assert_near(found, expected, "mean amount of one of the first customers");
    }
}
