//! Which model answers while another is trained, and may both be asked the same?

use crate::Loaded;
use crate::contest::{Contest, Duel, Paired, Unjudged};
use crate::split::Split;
use primitives::{DAY_MS, ModelVersion, Timestamp};

/// The champion that answers while a challenger is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Reigning {
    /// Its version.
    pub version: ModelVersion,
    /// The model, or why it cannot be asked: then it cannot answer decisions either.
    pub model: Result<Box<Loaded>, String>,
    /// How many customers it learned from who have refused or were erased since.
    pub n_refused: u64,
}

impl Contest {
    /// Asks the champion by `judge` about a window that neither has learned from, or says why that cannot be.
    pub(crate) fn of<E>(
        reigning: Option<&Reigning>,
        judge: impl FnOnce(&Loaded) -> Result<(u64, Paired, Option<Paired>), E>,
        metric: &str,
        split: &Split,
    ) -> Result<Self, E> {
        let Some(Reigning { version, model, n_refused }) = reigning else { return Ok(Self::Unopposed) };
        let loaded = match model {
            Ok(loaded) => loaded,
            Err(fault) => return Ok(Self::Unfit { champion: version.clone(), fault: fault.clone() }),
        };
        let seen_until = loaded.header.seen_until();
        if seen_until > split.test_from {
            let days = |until: Timestamp| (until.millis_since(split.test_from) + DAY_MS - 1) / DAY_MS;
            return Ok(Self::Unjudged(Unjudged {
                champion: version.clone(),
                n_refused: *n_refused,
                seen_until,
                n_days_seen: u64::try_from(days(seen_until.min(split.test_until))).unwrap_or(0),
                window_days: u64::try_from(split.window_days).unwrap_or(0),
            }));
        }
        let (n_customers, score, calibration) = judge(loaded)?;
        Ok(Self::Judged(Duel {
            champion: version.clone(),
            n_refused: *n_refused,
            n_days_seen: 0,
            n_customers,
            metric: metric.to_owned(),
            score,
            calibration,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Gain;
    use crate::tests::files::{split, tiny_churn};
    use features::Inputs;

    const UNDECIDED: Paired = Paired { challenger: 0.3, champion: 0.3, gain: Gain { mean: 0.0, low: -0.1, high: 0.1 } };

    fn version() -> ModelVersion {
        ModelVersion::from("0123456789ab")
    }

    fn reigning(data_until: i64) -> Reigning {
        let (mut header, body) = tiny_churn();
        header.data_until = crate::tests::world::day(data_until);
        Reigning {
            version: version(),
            model: Ok(Box::new(Loaded {
                version: version(),
                header,
                inputs: Inputs::default(),
                catalogue: std::sync::Arc::default(),
                body,
            })),
            n_refused: 2,
        }
    }

    fn judged(reigning: Option<&Reigning>) -> Result<Contest, String> {
        Contest::of(reigning, |_| Ok((40, UNDECIDED, None)), "log_loss", &split())
    }

    #[test]
    fn a_champion_is_judged_only_on_a_window_it_has_learned_nothing_from() {
        // The test's window has the days 60 to 90.
        for (data_until, n_days) in [(0, 0), (60, 0), (61, 1), (75, 15), (90, 30), (200, 30)] {
            let contest = judged(Some(&reigning(data_until))).unwrap();
            assert_eq!(contest.asks_for_renewal(), n_days > 0, "its data ended on day {data_until}");
            match contest {
                Contest::Judged(duel) => {
                    assert_eq!((duel.champion.as_str(), duel.n_refused, duel.n_customers), ("0123456789ab", 2, 40));
                    assert_eq!((duel.metric.as_str(), duel.score, duel.calibration), ("log_loss", UNDECIDED, None));
                    assert_eq!((duel.n_days_seen, n_days), (0, 0));
                }
                Contest::Unjudged(unjudged) => {
                    let seen_until = crate::tests::world::day(data_until);
                    let expected = Unjudged {
                        champion: version(),
                        n_refused: 2,
                        seen_until,
                        n_days_seen: n_days,
                        window_days: 30,
                    };
                    assert_eq!(unjudged, expected);
                    assert!(n_days > 0);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_newest_purchase_that_was_learned_from_counts_and_half_a_day_is_one() {
        let mut champion = reigning(60);
        let Ok(loaded) = &mut champion.model else { panic!("not opened") };
        loaded.header.newest_row = Some(Timestamp::from_millis(crate::tests::world::day(62).as_millis() + 1));
        let Contest::Unjudged(unjudged) = judged(Some(&champion)).unwrap() else { panic!("judged") };
        assert_eq!(unjudged.n_days_seen, 3);
    }

    #[test]
    fn without_a_champion_that_answers_nobody_is_asked() {
        assert_eq!(judged(None).unwrap(), Contest::Unopposed);
        assert_eq!(Contest::Unopposed.champion(), None);
        let unfit = Reigning { model: Err("gone".to_owned()), ..reigning(0) };
        let contest = judged(Some(&unfit)).unwrap();
        assert_eq!(contest, Contest::Unfit { champion: version(), fault: "gone".to_owned() });
        assert_eq!(contest.champion(), Some(&version()));
        assert_eq!(judged(Some(&reigning(0))).unwrap().champion(), Some(&version()));
        let failed = Contest::of(Some(&reigning(0)), |_| Err("no memory"), "log_loss", &split());
        assert_eq!(failed, Err("no memory"));
    }
}
