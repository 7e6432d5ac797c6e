//! Is a file read as it is meant, and is it told in words what is wrong with it?

use super::*;
use std::io::{Read as _, Write};

const FILE: &str = "item_id,position,click,propensity_score\na,1,1,.5\nb,1,0,.25\na,2,0,.5\nb,1,1,.25\n";

fn read(text: &str) -> Result<(measurement::policy::Rounds, Vec<String>), String> {
    rows::rounds(std::io::Cursor::new(text.to_owned().into_bytes()))
}

fn refused(text: &str) -> String {
    read(text).map(|_| String::new()).unwrap_or_else(|why| why)
}

#[test]
fn a_file_is_read_under_either_name_of_its_columns_however_it_is_written() {
    let (one, _) = read(FILE).unwrap();
    assert_eq!((one.n_actions, &one.action, &one.place), (2, &vec![0, 1, 0, 1], &Some(vec![0, 0, 1, 0])));
    let renamed = FILE.replace("item_id,position,click,propensity_score", "\u{feff}action, place,reward ,pscore");
    assert_eq!(read(&renamed).unwrap().0, one);
    assert_eq!(read(&FILE.replace(',', ";")).unwrap().0, one);
    assert_eq!(read(&FILE.replace(',', "\t").replace('\n', "\r\n")).unwrap().0, one);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(FILE.as_bytes()).unwrap();
    assert_eq!(rows::rounds(std::io::Cursor::new(packed.finish().unwrap())).unwrap().0, one);
    // What actions are called changes no number.
    let others = evaluate(&read(&FILE.replace("\na,", "\nz,")).unwrap().0).unwrap();
    assert_eq!(evaluate(&one).unwrap().dr.map(f64::to_bits), others.dr.map(f64::to_bits));
}

#[test]
fn a_line_without_an_end_is_refused_and_not_held() {
    let endless = std::io::Cursor::new(FILE).chain(std::io::repeat(b'a'));
    let why = rows::rounds(endless).map(|_| String::new()).unwrap_or_else(|why| why);
    assert!(why.contains("a line of it is longer than 1048576 bytes"), "{why}");
    let header = rows::rounds(std::io::repeat(b'a')).map(|_| String::new()).unwrap_or_else(|why| why);
    assert!(header.contains("a line of it is longer"), "{header}");
}

#[test]
fn what_b_does_may_be_told_of_what_was_taken_or_of_everything() {
    use measurement::policy::Target;
    let head = "action,reward,propensity";
    let (taken, aside) = read(&format!("{head},pi,mood\na,1,.5,.2,x\nb,0,.5,.8,y\n")).unwrap();
    assert_eq!((taken.target, aside), (Target::OfTaken(vec![0.2, 0.8]), vec!["mood".to_owned()]));
    // In the order of the actions' names, whatever that of the columns is; one that was never taken is an action too.
    let (all, _) = read(&format!("{head},target:b,target:c,target:a\na,1,.5,.2,.7,.1\nb,0,.5,1,0,0\n")).unwrap();
    assert_eq!((all.n_actions, all.target), (3, Target::OfAll(vec![0.1, 0.2, 0.7, 0.0, 1.0, 0.0])));
    let (known, _) = read(&format!("{head},x_age,x_mood,customer\na,1,.5,30,0,7\nb,0,.5,41,-1.5,7\n")).unwrap();
    assert_eq!((known.n_features, known.x), (2, vec![30.0, 0.0, 41.0, -1.5]));
    assert_eq!(known.customer.map(|who| who[0] == who[1]), Some(true));
}

#[test]
fn a_row_that_cannot_be_used_is_told_by_line_and_column_with_what_to_write() {
    let with = |row: &str| refused(&format!("{FILE}{row}\n"));
    for (row, expected) in [
        ("a,1,yes,.5", "line 6, column `click`: \"yes\"; write what came of it as a number"),
        (
            "a,1,1,0",
            "line 6, column `propensity_score`: \"0\"; write the chance that the action was drawn with, above 0",
        ),
        ("a,1,1,1.5", "column `propensity_score`: \"1.5\""),
        ("a,1,NaN,.5", "column `click`: \"NaN\""),
        (",1,1,.5", "line 6, column `item_id`: \"\"; write which action was taken"),
        ("a,,1,.5", "column `position`"),
        ("a,1,1", "line 6: it has 3 cells where the first line names 4"),
    ] {
        let said = with(row);
        assert!(said.contains(expected), "{row}: {said}");
    }
    let many = refused(&format!("{FILE}{}", "a,1,no,.5\n".repeat(9)));
    assert!(many.starts_with("9 rows cannot be used") && many.ends_with("and 4 more"), "{many}");
    let head = "action,reward,propensity";
    assert!(
        refused("action,reward\na,1\n")
            .contains("no column says `propensity` (with which chance it was done; also called")
    );
    assert!(refused(&format!("{head},click\na,1,.5,1\n")).contains("`reward` and `click` say the same thing"));
    assert!(refused(&format!("{head},target:a\na,1,.5,.4\n")).contains("line 2: B's chances add up to 0.4000"));
    assert!(refused(&format!("{head},target:a\nb,1,.5,1\n")).contains("add a column `target:b`"));
    assert!(refused(&format!("{head}\n")).contains("0 rounds are too few"));
    assert!(refused("").contains("no column says `action`"));
}

#[test]
fn the_verdict_stands_first_and_every_estimate_is_told() {
    let rounds = read(FILE).unwrap().0;
    let told = in_words(&evaluate(&rounds).unwrap(), &["mood".to_owned()]);
    assert!(told.starts_with("REFUSED. Nothing can be said of B: its 4 rounds count like 3 of equal weight"), "{told}");
    for (name, _) in ESTIMATES {
        assert!(told.contains(name), "{name}: {told}");
    }
    assert!(told.ends_with("Columns not looked at: mood."), "{told}");
}
