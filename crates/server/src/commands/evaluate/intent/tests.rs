//! Are files of messages read as they are meant, and are the numbers those of the messages?

use super::*;
use learning::N_LABELS_MAX;
use serde_json::Value;
use std::io::Cursor;

fn read(text: &str, label: Option<&str>) -> Result<Texts, String> {
    texts::texts(Cursor::new(text.to_owned().into_bytes()), "text", label)
}

fn refused(text: &str) -> String {
    read(text, Some("label")).map(|_| String::new()).unwrap_or_else(|why| why)
}

/// Messages of kinds that any reader tells apart: what is done, and to what.
fn table(n: usize, kinds: &[(&str, &str)]) -> String {
    let ends = ["please", "now", "today", "again", "at once", "thank you", "for me", "soon"];
    let starts = ["can you", "i want to", "how do i", "tell me how to", "why not", "help me", "let me"];
    let mut file = String::from("id,text,label\n");
    for at in 0..n {
        let (label, words) = kinds[at % kinds.len()];
        let (start, end) = (starts[at / kinds.len() % starts.len()], ends[at / 3 % ends.len()]);
        file.push_str(&format!("{at},\"{start} {words}, {end}\",{label}\n"));
    }
    file
}

const KINDS: [(&str, &str); 5] = [
    ("return", "send the parcel back"),
    ("login", "reset my password"),
    ("invoice", "see the invoice of march"),
    ("cancel", "end my contract"),
    ("hours", "visit your shop on sunday"),
];

#[test]
fn a_column_of_more_labels_than_anybody_has_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ids.csv");
    let rows: String = (0..=N_LABELS_MAX).map(|at| format!("message {at},{at}\n")).collect();
    std::fs::write(&file, format!("text,label\n{rows}")).unwrap();
    let (text, label) = ("text".to_owned(), "label".to_owned());
    let files = TextFiles { train: Some(file.clone()), test: Some(file), out_of_scope: None, text, label };
    let options = Options { data: directory.path().join("data"), config: None, json: true };
    let refused = run(&options, &files).unwrap_err().to_string();
    assert!(refused.contains("ids.csv: the column `label` has 1001 different values"), "{refused}");
}

#[test]
fn a_file_of_messages_is_read_however_it_is_written() {
    let one = read("text,label\n\"a, \"\"b\"\"\nc\",x\nd,y\n", Some("label")).unwrap();
    assert_eq!(
        (one.messages, one.labels),
        (vec!["a, \"b\"\nc".to_owned(), "d".to_owned()], vec!["x".to_owned(), "y".to_owned()])
    );
    let plain = read("id,label,text\n1,x,hello\n2,y,bye\n", Some("label")).unwrap();
    for other in [
        "\u{feff}id;label;text\r\n1;x;hello\r\n2;y;bye\r\n",
        "id\tlabel\ttext\n1\tx\thello\n\n2\ty\tbye",
        "\u{feff}\"id\",\"label\",\"text\"\n1,\" x\",hello\n2,y,bye\n",
    ] {
        assert_eq!(read(other, Some("label")).unwrap(), plain, "{other:?}");
    }
    assert_eq!(read("text\nhello\nbye\n", None).unwrap().messages, plain.messages);
    let gaps = read("text,label\n,x\nhello,\nhi,y\n", Some("label")).unwrap();
    assert_eq!((gaps.messages.len(), gaps.n_without), (1, 2));
    let long = read(&format!("text,label\n{},x\n", "é".repeat(100_000)), Some("label")).unwrap();
    assert_eq!(long.messages[0].len(), 64 * 1024);
}

#[test]
fn a_file_that_is_none_is_told_with_line_and_what_to_write() {
    for (file, expected) in [
        ("", "there is no column `text`"),
        ("message,label\nhi,x\n", "The first line names `message`, `label`: say with --text which it is."),
        (
            "text,lable\nhi,x\n",
            "there is no column `label`. The first line names `text`, `lable`: say with --label which it is. Did you mean `lable`?",
        ),
        ("text,text,label\n", "two columns are called `text`: rename one of them"),
        (
            "text,label\nhi,x\nhello, you,y\n",
            "line 3 has 3 cells where the first line names 2; a message with the sign",
        ),
        ("text,label\n", "no row has a message and a label"),
        ("text,label\n,x\n", "no row has a message and a label"),
    ] {
        let why = refused(file);
        assert!(why.contains(expected), "{file:?}: {why}");
    }
    let binary = texts::texts(Cursor::new(b"text,label\n\xff\xfe,x\n".to_vec()), "text", Some("label")).unwrap_err();
    assert!(binary.contains("1 row cannot be used") && binary.contains("save the file as UTF-8"), "{binary}");
    let many = refused(&format!("text,label\n{}", "a\n".repeat(9)));
    assert!(many.contains("9 rows cannot be used") && many.contains("and 4 more"), "{many}");
}

#[test]
fn the_numbers_are_those_of_the_messages() {
    let (learned, asked) =
        (read(&table(210, &KINDS), Some("label")).unwrap(), read(&table(64, &KINDS), Some("label")).unwrap());
    let others =
        read("text\nthe moon is made of green cheese\nwhales sing below zero degrees\nquantum foam\n", None).unwrap();
    let judged = judge(Path::new("a.csv"), &learned, &asked, Some(&others), &[]).unwrap();
    let document = serde_json::to_value(&judged).unwrap();
    let number = |path: &str| document.pointer(path).and_then(Value::as_f64).unwrap();
    assert!(number("/metrics/accuracy") > 0.99 && number("/metrics/macro_f1") > 0.99, "{document}");
    assert!(number("/metrics/oos_auroc") > 0.99 && number("/oos_noticed") > 0.6, "{document}");
    assert!((0.0..0.3).contains(&number("/metrics/ece")) && number("/handed_off") < 0.2, "{document}");
    assert!(number("/fit_seconds") > 0.0 && number("/ms_per_message") > 0.0);
    assert!(judged.confusions.is_empty() && judged.labels.len() == 5);
    assert!(judged.warnings.iter().any(|warning| warning.contains("also learned from")), "{:?}", judged.warnings);
    // By hand: of four messages of two labels one is told wrong, and one has a label of which nothing was learned.
    let four = read(
        "text,label\nsend the parcel back,return\nreset my password,login\nreset my password,return\nend my contract,never\n",
        Some("label"),
    )
    .unwrap();
    let judged = judge(Path::new("a.csv"), &learned, &four, None, &[]).unwrap();
    assert!((judged.metrics.accuracy - 0.5).abs() < 1e-9);
    // return: 1 of 1 told, 1 of 2 there; login: 1 of 2 told, 1 of 1 there; cancel and never: nothing.
    assert!((judged.metrics.macro_f1 - (2.0 / 3.0 + 2.0 / 3.0) / 4.0).abs() < 1e-9, "{}", judged.metrics.macro_f1);
    let pairs: Vec<(&str, &str, usize)> =
        judged.confusions.iter().map(|pair| (pair.label.as_str(), pair.told.as_str(), pair.n)).collect();
    assert_eq!(pairs, [("never", "cancel", 1), ("return", "login", 1)]);
    assert!(judged.oos_by.contains("left out") && judged.metrics.oos_auroc.is_some());
    assert!(judged.warnings.iter().any(|warning| warning.starts_with("1 messages of the test have labels")));
    let words = judged.in_words();
    for expected in
        ["Learned from 210 messages of 5 labels", "accuracy", "0.5000", "never", "taken for", "Look at this: "]
    {
        assert!(words.contains(expected), "{expected}: {words}");
    }
}

#[test]
fn with_few_labels_nothing_is_left_out_and_the_reason_is_told() {
    let two = read(&table(40, &KINDS[..2]), Some("label")).unwrap();
    let judged = judge(Path::new("a.csv"), &two, &two, None, &[]).unwrap();
    assert_eq!(judged.metrics.oos_auroc, None);
    assert!(judged.oos_by.contains("fewer than four labels") && judged.in_words().contains("–"));
    let one = read(&table(40, &KINDS[..1]), Some("label")).unwrap();
    let why = judge(Path::new("a.csv"), &one, &one, None, &[]).unwrap_err().to_string();
    assert!(why.contains("nothing can be learned from a.csv") && why.contains("at least two classes"), "{why}");
}

#[test]
fn the_command_reads_files_alone_and_makes_no_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let written = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let options = Options { data: dir.path().join("data"), config: None, json: true };
    let files = TextFiles {
        train: written("a.csv", &table(60, &KINDS)),
        test: written("b.csv", &table(20, &KINDS)),
        out_of_scope: written("c.csv", "text\nquantum foam\n"),
        text: "text".to_owned(),
        label: "label".to_owned(),
    };
    run(&options, &files).unwrap();
    let refused =
        |files: &TextFiles| run(&options, files).map(|()| String::new()).unwrap_or_else(|error| error.story());
    assert!(refused(&TextFiles::default()).contains("judges files of messages: name them"));
    let nowhere = TextFiles { test: Some(dir.path().join("none.csv")), ..files.clone() };
    assert!(refused(&nowhere).contains("none.csv: cannot be opened"), "{}", refused(&nowhere));
    let other = TextFiles { text: "txt".to_owned(), ..files };
    assert!(refused(&other).contains("a.csv: line 1: there is no column `txt`"), "{}", refused(&other));
    assert!(!options.data.exists());
}
