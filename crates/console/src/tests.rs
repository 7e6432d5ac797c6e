//! Are the assets what the pages and the eyes need?

use super::*;

/// The two values of a colour in the style sheet, light and dark, as (red, green, blue).
fn colour(css: &str, name: &str) -> [[f64; 3]; 2] {
    let line = css.lines().find(|line| line.trim_start().starts_with(&format!("--{name}: light-dark("))).unwrap();
    let mut values = line
        .split('#')
        .skip(1)
        .map(|hex| [0, 2, 4].map(|i| f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0));
    [values.next().unwrap(), values.next().unwrap()]
}

/// Relative luminance and contrast as WCAG 2 defines them.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |rgb: [f64; 3]| {
        let [r, g, b] = rgb.map(|c| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (x, y) = (luminance(a), luminance(b));
    (x.max(y) + 0.05) / (x.min(y) + 0.05)
}

#[test]
fn every_text_can_be_read_on_its_ground() {
    let css = std::str::from_utf8(CSS).unwrap();
    let grounds = ["canvas", "surface", "sunken", "hover"];
    let on_grounds =
        ["ink", "ink-soft", "ink-quiet", "accent"].into_iter().flat_map(|text| grounds.map(|ground| (text, ground)));
    let code = ["good", "info", "warn"].map(|text| (text, "sunken"));
    let pairs = [
        ("accent", "accent-soft"),
        ("on-accent", "accent-fill"),
        ("on-accent", "accent-hover"),
        ("good", "good-soft"),
        ("warn", "warn-soft"),
        ("bad", "bad-soft"),
        ("info", "info-soft"),
        ("good", "surface"),
        ("bad", "surface"),
        ("warn", "canvas"),
    ];
    for (text, ground) in on_grounds.chain(code).chain(pairs) {
        for (theme, (a, b)) in ["light", "dark"].iter().zip(colour(css, text).into_iter().zip(colour(css, ground))) {
            let found = contrast(a, b);
            assert!(found >= 4.5, "{text} on {ground}, {theme}: {found:.2}");
        }
    }
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
}

#[test]
fn assets_are_found_by_their_names_alone() {
    let (kind, bytes, etag) = asset("console.css").unwrap();
    assert_eq!((kind, bytes.is_empty()), ("text/css; charset=utf-8", false));
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() == 18, "{etag}");
    assert_eq!(asset("console.js").unwrap().0, "text/javascript; charset=utf-8");
    assert_eq!(asset("logo.svg").unwrap().0, "image/svg+xml");
    for wrong in ["", "../Cargo.toml", "console.css/", "/console.css"] {
        assert!(asset(wrong).is_none(), "{wrong}");
    }
    assert!(asset_url("console.css").starts_with("/assets/console.css?v="));
}

#[test]
fn the_style_sheet_fetches_nothing() {
    let css = std::str::from_utf8(CSS).unwrap();
    assert!(!css.contains("url(") && !css.contains("@import") && !css.contains("http"));
    assert_eq!(css.matches('{').count(), css.matches('}').count());
}

#[test]
fn the_script_is_small_and_makes_no_markup_of_text() {
    let script = std::str::from_utf8(SCRIPT).unwrap();
    assert!(script.lines().count() <= 380, "{} lines", script.lines().count());
    assert!(script.lines().all(|line| line.chars().count() <= 122), "a line is too long to read");
    // What is fetched is parsed as a page, in which scripts do not run, and everything else is text.
    for forbidden in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "http", "import "]
    {
        assert!(!script.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn the_policy_lets_in_what_is_our_own_and_nothing_else() {
    let rules: Vec<&str> = CONTENT_SECURITY_POLICY.split(';').map(str::trim).collect();
    for rule in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "style-src 'self'", "base-uri 'none'"]
    {
        assert!(rules.contains(&rule), "{rule}");
    }
    // Pictures of items may come from elsewhere, and encrypted alone.
    assert!(rules.contains(&"img-src 'self' data: https:"));
    let others: Vec<&str> = rules.into_iter().filter(|rule| !rule.starts_with("img-src")).collect();
    for loose in ["unsafe", "*", "http", "blob:"] {
        assert!(!others.iter().any(|rule| rule.contains(loose)), "{loose}");
    }
}

#[test]
fn what_is_hidden_in_a_wide_table_does_not_widen_the_page() {
    // Hidden words are placed absolutely: they scroll with the table only where its box is positioned.
    let css = std::str::from_utf8(CSS).unwrap();
    let rule = |selector: &str| css.lines().find(|line| line.starts_with(&format!("{selector} {{"))).unwrap();
    assert!(rule(".hidden").contains("position: absolute"));
    let scroll = rule(".scroll");
    assert!(scroll.contains("overflow-x: auto") && scroll.contains("position: relative"), "{scroll}");
}

#[test]
fn every_class_on_the_sample_pages_has_a_style() {
    let css = std::str::from_utf8(CSS).unwrap();
    // Names that only tell the parts of a page apart.
    let structural = ["chart", "main", "answer", "score-why", "unmet"];
    for (path, html) in view::sample::pages() {
        for (i, _) in html.match_indices("class=\"") {
            for class in html[i + 7..].split('"').next().unwrap().split_whitespace() {
                assert!(structural.contains(&class) || css.contains(&format!(".{class}")), "{path}: .{class}");
            }
        }
    }
}

#[test]
fn a_tab_says_of_how_many_it_shows_the_newest() {
    let page = |rejected, status| {
        let page = view::EventsPage { rejected, rejected_shown_max: 1_000, status, ..view::sample::events_rejected() };
        view::EventsPage { looked_at: Some(1_000), older: Some("/events?n=100".to_owned()), ..page }.render()
    };
    for (n, shown) in [(0, "0"), (1_000, "1,000"), (1_001, "1,000 of 1,001"), (10_000, "1,000 of 10.0 k")] {
        let page = page(n, view::StatusFilter::Rejected);
        assert!(page.contains(&format!("Rejected <span class=\"num\">{shown}</span>")), "{n}: {page}");
        assert!(page.contains("Events <span class=\"num\">120 k</span>"), "all of them are shown: {page}");
        assert!(page.contains("Of the newest 1,000 at most") && page.contains("Older events"), "{page}");
    }
    assert!(page(0, view::StatusFilter::Catalogue).contains("Look further back"));
}

#[test]
fn a_page_says_how_far_back_it_looked() {
    let page = |looked_at, rows| {
        let page = view::EventsPage { name: "Home".to_owned(), looked_at, rows, older: None, ..view::sample::events() };
        page.render()
    };
    let rows = view::sample::events().rows;
    let among = "among the newest 300,000";
    assert!(page(Some(300_000), rows.clone()).contains(&format!("{among} events: there may be older ones")));
    assert!(page(Some(300_000), Vec::new()).contains(&format!("There is none {among} events.")));
    assert!(!page(None, rows).contains("newest 300"));
    assert!(page(None, Vec::new()).contains("There is none among those that are kept."));
}
