use super::*;

fn read_one(name: &str, bytes: &[u8]) -> Result<Vec<Document>, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    read(&[folder.path().to_owned()], Columns::default()).map_err(|error| error.story())
}

#[test]
fn a_folder_is_read_with_the_languages_and_pairs_in_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("de")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("returns.md", "# Sending back\n\nThirty days.");
    write("de/Wie geht es.md", "Dreißig Tage.");
    write("page.HTML", "<h1>Page</h1><p>Text</p>");
    write("faq.csv", "question;answer;language\nIs it free?;\"Yes,\nalways\";en\nIs it free?;Still;\n");
    write("picture.png", "\0");
    write(".hidden.md", "no");
    let found = read(&[folder.path().to_owned()], Columns::default()).unwrap();
    let told: Vec<(&str, &str, Option<&str>)> =
        found.iter().map(|one| (one.id.as_str(), one.title.as_str(), one.language.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("de/Wie-geht-es.md", "Wie geht es", Some("de")),
            ("faq/is-it-free", "Is it free?", Some("en")),
            ("faq/is-it-free-2", "Is it free?", None),
            ("page.HTML", "Page", None),
            ("returns.md", "Sending back", None),
        ]
    );
    assert_eq!((found[1].text.as_str(), found[1].source.as_str()), ("Yes,\nalways", "faq.csv"));
}

#[test]
fn what_cannot_be_taken_in_says_why() {
    let long = "a ".repeat(TEXT_BYTES_MAX);
    for (name, bytes, says) in [
        ("a.md", &b""[..], "it is empty"),
        ("a.md", b"   \n", "says nothing"),
        ("a.md", b"a\0b", "NUL"),
        ("a.md", b"caf\xe9", "byte 4 is not UTF-8"),
        ("a.md", long.as_bytes(), "cut it into several"),
        ("a.png", b"x", "no file that ends in"),
        ("a.csv", b"", "no column"),
        ("a.csv", b"question,text\na,b\n", "answer"),
        ("a.csv", b"question,answer\n", "no row has"),
        ("a.csv", b"question,answer\na,\n", "line 2 has no question or no answer"),
        ("a.csv", b"question,answer\n\xff,b\n", "UTF-8"),
    ] {
        let why = read_one(name, bytes).unwrap_err();
        assert!(why.contains(says), "{name}: {says}: {why}");
    }
    let missing = read(&[PathBuf::from("/nowhere/at/all.md")], Columns::default()).unwrap_err().story();
    assert!(missing.contains("/nowhere/at/all.md") && missing.contains("cannot be read"), "{missing}");
}
