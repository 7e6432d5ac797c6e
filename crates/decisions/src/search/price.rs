//! What does a query say of the price?

use super::told::is_unit;

/// What somebody is ready to pay.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct PriceWish {
    /// At least so much, in major units.
    pub(crate) gte: Option<f64>,
    /// At most so much, in major units.
    pub(crate) lte: Option<f64>,
    /// Which end of the prices, where no amount is named.
    pub(crate) end: Option<End>,
}

/// One end of the prices of what is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The lower third.
    Cheap,
    /// The upper third.
    Dear,
}

impl End {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Cheap => Self::Dear,
            Self::Dear => Self::Cheap,
        }
    }
}

/// A wish, and which of the words say it: from the first until before the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wished {
    pub(crate) wish: PriceWish,
    pub(crate) from: usize,
    pub(crate) until: usize,
}

const AT_MOST: [&[&str]; 26] = [
    &["under"],
    &["below"],
    &["max"],
    &["maximum"],
    &["maximal"],
    &["unter"],
    &["bis", "zu"],
    &["bis"],
    &["hochstens"],
    &["less", "than"],
    &["up", "to"],
    &["cheaper", "than"],
    &["no", "more", "than"],
    &["at", "most"],
    &["weniger", "als"],
    &["billiger", "als"],
    &["gunstiger", "als"],
    &["moins", "de"],
    &["menos", "de"],
    &["hasta"],
    &["fino", "a"],
    &["meno", "di"],
    &["jusqu", "a"],
    &["jusqua"],
    &["onder"],
    &["tot"],
];
const AT_LEAST: [&[&str]; 17] = [
    &["over"],
    &["above"],
    &["min"],
    &["minimum"],
    &["mindestens"],
    &["uber"],
    &["ab"],
    &["from"],
    &["more", "than"],
    &["at", "least"],
    &["mehr", "als"],
    &["teurer", "als"],
    &["plus", "de"],
    &["mas", "de"],
    &["desde"],
    &["boven"],
    &["vanaf"],
];
const BETWEEN: [(&str, &str); 5] =
    [("between", "and"), ("zwischen", "und"), ("entre", "et"), ("entre", "y"), ("from", "to")];
const RANGED: [&str; 3] = ["to", "bis", "a"];
const CURRENCIES: [&str; 19] = [
    "chf", "dollar", "dollars", "eur", "euro", "euros", "franken", "gbp", "jpy", "kr", "nok", "pln", "pound", "pounds",
    "sek", "usd", "yen", "zl", "zloty",
];
const CHEAP: [&str; 26] = [
    "affordable",
    "barata",
    "barato",
    "billig",
    "billige",
    "billigen",
    "billiger",
    "billiges",
    "budget",
    "cheap",
    "cheapest",
    "economico",
    "goedkoop",
    "goedkope",
    "gunstig",
    "gunstige",
    "gunstigen",
    "gunstiger",
    "gunstiges",
    "gunstigste",
    "inexpensive",
    "preiswert",
    "preiswerte",
    "preiswerten",
    "preiswerter",
    "preiswertes",
];
const DEAR: [&str; 8] = ["expensive", "teuer", "teure", "teuren", "teurer", "teures", "teuerste", "cher"];

/// Signs of currencies as words, so that they are not lost with all other signs.
pub(crate) fn with_currencies_in_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '€' => words.push_str(" eur "),
            '$' => words.push_str(" usd "),
            '£' => words.push_str(" gbp "),
            '¥' => words.push_str(" jpy "),
            '<' => words.push_str(" under "),
            '>' => words.push_str(" over "),
            '–' | '—' => words.push('-'),
            _ => words.push(sign),
        }
    }
    words
}

/// The first wish in the words, `is_value` telling which of them say something else.
pub(crate) fn wished(words: &[&str], is_value: &dyn Fn(&str) -> bool) -> Option<Wished> {
    (0..words.len()).find_map(|from| {
        let (wish, n) = wish_at(&words[from..], is_value)?;
        Some(Wished { wish, from, until: from + n })
    })
}

/// A wish at the beginning of words, and of how many of them.
fn wish_at(words: &[&str], is_value: &dyn Fn(&str) -> bool) -> Option<(PriceWish, usize)> {
    between(words).or_else(|| ranged(words)).or_else(|| limit(words)).or_else(|| end(words, is_value))
}

fn between(words: &[&str]) -> Option<(PriceWish, usize)> {
    BETWEEN.iter().find_map(|(first, second)| {
        let rest = words.strip_prefix(&[*first])?;
        let (low, n_low, _) = amount(rest)?;
        let rest = rest[n_low..].strip_prefix(&[*second])?;
        let (high, n_high, _) = amount(rest)?;
        Some((within(low, high), 2 + n_low + n_high))
    })
}

/// "20 to 50 euro", "20-50 €": only with a currency, for sizes are told so, too.
fn ranged(words: &[&str]) -> Option<(PriceWish, usize)> {
    let (low, n_low, has_first) = amount(words)?;
    let n_word = usize::from(words.get(n_low).is_some_and(|word| RANGED.contains(word)));
    let (high, n_high, has_second) = amount(&words[n_low + n_word..])?;
    (has_first || has_second).then_some((within(low, high), n_low + n_word + n_high))
}

fn limit(words: &[&str]) -> Option<(PriceWish, usize)> {
    let said = |ways: &[&[&str]]| ways.iter().filter(|way| words.starts_with(way)).map(|way| way.len()).max();
    let (n, is_upper) = match (said(&AT_MOST), said(&AT_LEAST)) {
        (Some(n), _) => (n, true),
        (None, Some(n)) => (n, false),
        (None, None) => return None,
    };
    let (amount, n_amount, has_currency) = amount(&words[n..])?;
    // "Under 5 kg" and "from 3 years" are no prices.
    let next = words.get(n + n_amount);
    if !has_currency
        && next.is_some_and(|next| is_unit(next) || matches!(*next, "year" | "years" | "jahre" | "jahren" | "ans"))
    {
        return None;
    }
    let wish = match is_upper {
        true => PriceWish { lte: Some(amount), ..PriceWish::default() },
        false => PriceWish { gte: Some(amount), ..PriceWish::default() },
    };
    Some((wish, n + n_amount))
}

fn end(words: &[&str], is_value: &dyn Fn(&str) -> bool) -> Option<(PriceWish, usize)> {
    let word = words.first().filter(|word| !is_value(word))?;
    let end = if CHEAP.binary_search(word).is_ok() {
        End::Cheap
    } else if DEAR.contains(word) {
        End::Dear
    } else {
        return None;
    };
    Some((PriceWish { end: Some(end), ..PriceWish::default() }, 1))
}

fn within(low: f64, high: f64) -> PriceWish {
    PriceWish { gte: Some(low.min(high)), lte: Some(low.max(high)), end: None }
}

/// An amount at the beginning of words, of how many of them, and whether its currency is named.
fn amount(words: &[&str]) -> Option<(f64, usize, bool)> {
    let is_currency = |at: usize| words.get(at).is_some_and(|word| CURRENCIES.binary_search(word).is_ok());
    let n_before = usize::from(is_currency(0));
    let amount: f64 = words.get(n_before)?.parse().ok().filter(|amount: &f64| amount.is_finite())?;
    if !words[n_before].starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let n_after = usize::from(is_currency(n_before + 1));
    Some((amount, n_before + 1 + n_after, n_before + n_after > 0))
}

#[cfg(test)]
mod tests {
    use super::super::words::plain;
    use super::*;

    /// From, up to, which end, and the words that are left.
    type Said = (Option<f64>, Option<f64>, Option<End>, String);

    fn said(text: &str) -> Option<Said> {
        let words = plain(&with_currencies_in_words(text), 50);
        let words: Vec<&str> = words.split(' ').collect();
        let Wished { wish, from, until } = wished(&words, &|word| word == "budget")?;
        Some((wish.gte, wish.lte, wish.end, [&words[..from], &words[until..]].concat().join(" ")))
    }

    #[test]
    fn amounts_and_ends_are_understood_and_taken_out_of_the_words() {
        let rest = |rest: &str| rest.to_owned();
        for (text, gte, lte, left) in [
            ("shoes under 50", None, Some(50.0), "shoes"),
            ("Schuhe bis 49,90 €", None, Some(49.9), "schuhe"),
            ("shoes bis zu 50", None, Some(50.0), "shoes"),
            ("under $50 shoes", None, Some(50.0), "shoes"),
            ("shoes < 50eur", None, Some(50.0), "shoes"),
            ("less than 20 dollars lamp", None, Some(20.0), "lamp"),
            ("lamp over 100", Some(100.0), None, "lamp"),
            ("mindestens 30 euro", Some(30.0), None, ""),
            ("between 20 and 50 shoes", Some(20.0), Some(50.0), "shoes"),
            ("zwischen 50€ und 20€", Some(20.0), Some(50.0), ""),
            ("wine 10-20 €", Some(10.0), Some(20.0), "wine"),
            ("wine 10 to 20 euro", Some(10.0), Some(20.0), "wine"),
        ] {
            assert_eq!(said(text), Some((gte, lte, None, rest(left))), "{text}");
        }
        assert_eq!(said("cheap red shoes"), Some((None, None, Some(End::Cheap), rest("red shoes"))));
        assert_eq!(said("günstige Schuhe"), Some((None, None, Some(End::Cheap), rest("schuhe"))));
        assert_eq!(said("teure Uhr"), Some((None, None, Some(End::Dear), rest("uhr"))));
    }

    #[test]
    fn what_is_no_price_stays_a_word() {
        for text in [
            "size 42",
            "under armour",
            "dumbbell under 5 kg",
            "puzzle ab 3 jahren",
            "10-20 cm",
            "over",
            "budget",
            "from nan",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }

    #[test]
    fn the_tables_are_in_order() {
        assert!(CHEAP.is_sorted() && CURRENCIES.is_sorted());
    }
}
