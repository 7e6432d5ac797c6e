//! Are files of messages read however they are written, and are the numbers those of the messages?

use super::*;
use std::io::Cursor;
use told::Told;

fn read(text: &str) -> Result<Rows, String> {
    of_columns(text, "text", "label")
}

fn of_columns(file: &str, text: &str, label: &str) -> Result<Rows, String> {
    rows::rows(Cursor::new(file.to_owned().into_bytes()), text, label)
}

#[test]
fn rows_are_read_with_and_without_names() {
    let plain = read("\"Great\" they said\t17\tab1\nI hate it\t2,3\tab2\n").unwrap();
    assert_eq!(plain.messages, ["\"Great\" they said", "I hate it"]);
    assert_eq!(plain.told, Told::Labels(vec![1 << 17, 0b1100]));
    for other in [
        "\u{feff}text\tlabel\r\n\"\"\"Great\"\" they said\"\t17\r\n\r\nI hate it\t2,3\r\n",
        "id,label,text\n1,17,\"\"\"Great\"\" they said\"\n2,\"2,3\",I hate it\n",
    ] {
        assert_eq!(read(other).unwrap(), plain, "{other:?}");
    }
    assert_eq!(of_columns("ab1\t17\t\"Great\" they said\nab2\t2,3\tI hate it\n", "3", "2").unwrap(), plain);
    let named = of_columns("mood\tmessage\n17\t\"Great\" they said\n2,3\tI hate it\n", "message", "mood").unwrap();
    assert_eq!(named, plain);
    let gaps = read("hello\t1\n\t2\nyou\t\n").unwrap();
    assert_eq!((gaps.messages.len(), gaps.n_without), (1, 2));
}

#[test]
fn a_file_that_is_none_is_told_what_to_write() {
    for (file, text, expected) in [
        ("", "text", "there is no column `text`"),
        ("hello\t1\n", "message", "line 1 names no column `message`: give --text the number of a column, from 1 to 2"),
        ("hello\t1\n", "3", "line 1 names no column `3`"),
        ("txt\tlabel\nhi\t1\n", "text", "there is no column `text`. The first line names `txt`, `label`"),
        ("hello\tangri\n", "text", "line 1: `angri` is none of them"),
        ("text\tlabel\n", "text", "no row has a message and a label"),
    ] {
        let why = of_columns(file, text, "label").unwrap_err();
        assert!(why.contains(expected), "{file:?}: {why}");
    }
    let binary = rows::rows(Cursor::new(b"hello\t1\n\xff\xfe\t2\n".to_vec()), "text", "label").unwrap_err();
    assert!(binary.contains("line 2 is not UTF-8"), "{binary}");
}

#[test]
fn numbers_are_those_of_the_messages() {
    let rows = read("I love it, thank you so much!\tgratitude love\nI hate this, it is terrible\tanger\nThe box is blue.\tneutral\n").unwrap();
    let judged = judge(&rows).unwrap();
    assert!((judged.metrics["delight_f1"] - 1.0).abs() < 1e-9 && (judged.metrics["frustration_f1"] - 1.0).abs() < 1e-9);
    assert!((judged.metrics["positive_f1"] - 1.0).abs() < 1e-9 && judged.metrics["macro_f1"] < 0.5);
    assert!(judged.heads.len() == 28 + 5 + 4 && judged.ms_per_message > 0.0);
    assert!(judged.warnings.iter().any(|warning| warning.contains("told of no message")));
    let words = judged.in_words();
    for expected in ["Read 3 messages", "F1 of 28 labels, mean", "gratitude", "sentiment", "Look at this: "] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    let rated = judge(
        &read("I love it, thank you so much!\t3.5\nI hate this, it is terrible\t-3\nThe box is blue.\t0\n").unwrap(),
    )
    .unwrap();
    assert!(rated.metrics["correlation"] > 0.8 && (rated.metrics["positive_or_negative_auc"] - 1.0).abs() < 1e-9);
    let desk = judge(&read("The server is down, call me immediately!\turgency\nPlease send the list\tnone\n").unwrap())
        .unwrap();
    assert!((desk.metrics["urgency_f1"] - 1.0).abs() < 1e-9, "{:?}", desk.metrics);
    let german = judge(&read("Wo bleibt denn meine Bestellung, ich warte schon lange\tneutral\n").unwrap()).unwrap();
    assert!(german.n_read_by_signs == 1 && german.in_words().contains("not in English"));
}

#[test]
fn the_command_reads_a_file_alone_and_makes_no_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("b.tsv");
    std::fs::write(&file, "I love it\t18\n").unwrap();
    let options = Options { data: dir.path().join("data"), config: None, json: true };
    let files = |test: Option<std::path::PathBuf>| TextFiles {
        test,
        text: "text".into(),
        label: "label".into(),
        ..TextFiles::default()
    };
    run(&options, &files(Some(file.clone()))).unwrap();
    let refused =
        |files: &TextFiles| run(&options, files).map(|()| String::new()).unwrap_or_else(|error| error.story());
    assert!(refused(&files(None)).contains("name it and nothing to learn from"));
    assert!(refused(&TextFiles { train: Some(file), ..files(None) }).contains("name it and nothing to learn from"));
    assert!(refused(&files(Some(dir.path().join("none.tsv")))).contains("none.tsv: cannot be opened"));
    assert!(!options.data.exists());
}
