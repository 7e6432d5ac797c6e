//! Is a document cut so that each part can stand alone, and does whoever writes a wrong one learn what is wrong?

use super::*;
use proptest::prelude::*;

fn document(form: Form, text: &str) -> Document {
    Document { id: "help/a.md".into(), title: "Help".into(), form, text: text.into(), ..Document::default() }
}

#[test]
fn passages_stand_below_their_headings() {
    let text = "# Help\n\nWe are here.\n\n## Returns\n\nThirty days.\n\nFree of charge.\n\n### Can I send it back by post?\n\nYes.\n\n## Payment\n\nBy card.";
    let found = passages(&document(Form::Markdown, text));
    let told: Vec<(Vec<&str>, bool, &str)> = found
        .iter()
        .map(|one| (one.path.iter().map(String::as_str).collect(), one.is_pair, one.text.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (vec![], false, "We are here."),
            (vec!["Returns"], false, "Thirty days.\n\nFree of charge."),
            (vec!["Returns", "Can I send it back by post?"], true, "Yes."),
            (vec!["Payment"], false, "By card."),
        ]
    );
    assert_eq!(
        (found[2].heading("Help").as_str(), found[3].heading("Help").as_str()),
        ("Can I send it back by post?", "Help Payment")
    );
    assert_eq!(found[2].title("Help"), "Help › Returns › Can I send it back by post?");
    let html = "<h1>Help</h1><p>We are here.</p><h2>Returns</h2><p>Thirty days.</p>";
    assert_eq!(passages(&document(Form::Html, html)).len(), 2);
    let answer = passages(&document(Form::Answer, "Yes, **always**.\n\n- one"));
    assert_eq!((answer.len(), answer[0].is_pair, answer[0].text.as_str()), (1, true, "Yes, always.\n\n- one"));
}

#[test]
fn a_file_tells_its_title_language_and_source() {
    let file = "---\ntitle: \"Sending back\"\nlang: de\nurl: https://shop.example/help\n---\n# Other\n\nText.";
    let found = Document::of_file("returns.md", Form::Markdown, file);
    assert_eq!(
        (found.title.as_str(), found.language.as_deref(), found.source.as_str()),
        ("Sending back", Some("de"), "https://shop.example/help")
    );
    assert_eq!(found.text, "# Other\n\nText.");
    for (id, file, title, language) in [
        ("fr/retours.md", "# Retours\n\nOui.", "Retours", Some("fr")),
        ("retours.fr.md", "Oui.", "retours", Some("fr")),
        ("how-we-pack.md", "---\nno front matter", "how we pack", None),
        ("a.html", "<title>Page</title><h1>Top</h1>", "Page", None),
    ] {
        let form = if id.ends_with("html") { Form::Html } else { Form::Markdown };
        let found = Document::of_file(id, form, file);
        assert_eq!((found.title.as_str(), found.language.as_deref()), (title, language), "{id}");
    }
}

#[test]
fn what_cannot_be_kept_says_why() {
    let good = document(Form::Markdown, "Text.");
    assert_eq!(good.check(), Ok(()));
    for (bad, says) in [
        (Document { id: String::new(), ..good.clone() }, "id is \"\""),
        (Document { id: "../x".into(), ..good.clone() }, "id is \"../x\""),
        (Document { id: "a b".into(), ..good.clone() }, "id is"),
        (Document { id: "x".repeat(201), ..good.clone() }, "200 bytes at the most"),
        (Document { title: " ".into(), ..good.clone() }, "title is empty"),
        (Document { title: "x".repeat(501), ..good.clone() }, "title has 501 bytes"),
        (Document { text: "x".repeat(TEXT_BYTES_MAX + 1), ..good.clone() }, "text has"),
        (Document { text: " \n# \n".into(), ..good.clone() }, "text says nothing"),
        (Document { text: "a\0b".into(), ..good.clone() }, "NUL"),
        (Document { language: Some("english".into()), ..good.clone() }, "two small letters"),
    ] {
        let why = bad.check().unwrap_err();
        assert!(why.contains(says), "{says}: {why}");
    }
}

#[test]
fn a_name_is_made_of_a_question() {
    assert_eq!(slug("Où est mon colis ?"), "ou-est-mon-colis");
    assert!(slug(&"long ".repeat(100)).len() <= 80 && !slug(&"long ".repeat(100)).ends_with('-'));
}

proptest! {
    #[test]
    fn any_text_is_cut_without_losing_words(text in "(#{1,3} [a-z ?]{1,9}\n|[a-z .]{0,900}\n|\n){0,12}") {
        for form in [Form::Markdown, Form::Answer] {
            let document = document(form, &text);
            let found = passages(&document);
            let words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            let mut rest = words(&text).into_iter();
            for passage in &found {
                prop_assert!(passage.text.len() <= 1_500 + 600, "{}", passage.text.len());
                for word in words(&passage.text) {
                    // In the order of the text; headings are told apart.
                    prop_assert!(rest.any(|own| own == word || own.contains(&word)), "{word} of {text:?}");
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_cut(text in "\\PC{0,200}", page in "[<>/a-z\"'! &;#0-9-]{0,200}") {
        let _ = passages(&document(Form::Markdown, &text));
        let _ = passages(&document(Form::Html, &page));
        let _ = passages(&document(Form::Html, &format!("<p>{text}</p>")));
    }
}
