//! How are messages written down of which a person told the feelings?

use super::Lesson;
use crate::ModelError;
use crate::text::tone::EMOTIONS;

impl Lesson {
    /// Reads messages, one in a line, under headings that name what is felt: `[frustration worry]`, `[]` for nothing, `[?]` where it is
    /// not told. A line that begins with `!` is a message that cannot wait; `#` begins a remark.
    ///
    /// # Errors
    /// [`ModelError::NothingToLearn`] for a heading that is none, or a message without one, with its line.
    ///
    /// ```
    /// use models::text::tone::Lesson;
    /// let lessons = Lesson::read_all("[worry]\n!Is it safe?\n[]\nThank you for the list.\n")?;
    /// assert!(lessons[0].is_urgent == Some(true) && lessons[0].emotions == Some(0b1000) && lessons[1].emotions == Some(0));
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn read_all(text: &str) -> Result<Vec<Self>, ModelError> {
        let (mut lessons, mut heading) = (Vec::new(), None);
        for (line, at) in text.lines().map(str::trim).zip(1..) {
            let wrong = |why: &str| {
                let reason = format!("line {at}: {why}");
                ModelError::NothingToLearn { operation: "read messages with feelings", reason }
            };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(names) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                heading = Some(emotions(names).map_err(|why| wrong(&why))?);
                continue;
            }
            let emotions = heading.ok_or_else(|| wrong("write a heading such as [worry] before the first message"))?;
            let (is_urgent, text) = line.strip_prefix('!').map_or((false, line), |text| (true, text));
            let text = text.trim().to_owned();
            lessons.push(Self { text, labels: None, emotions, is_urgent: Some(is_urgent) });
        }
        Ok(lessons)
    }
}

/// One bit for each emotion, or nothing where they are not told.
fn emotions(names: &str) -> Result<Option<u8>, String> {
    if names == "?" {
        return Ok(None);
    }
    let mut emotions = 0;
    for name in names.split_whitespace() {
        let at = EMOTIONS.iter().position(|known| *known == name);
        let at = at.ok_or_else(|| format!("`{name}` is no emotion: write {}", EMOTIONS.join(", ")))?;
        emotions |= 1 << at;
    }
    Ok(Some(emotions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_heading_is_told_with_its_line() {
        for (text, expected) in [
            ("hello\n", "line 1: write a heading"),
            ("# remark\n[]\nhello\n[angry]\n", "line 4: `angry` is no emotion: write frustration, confusion"),
        ] {
            let said = Lesson::read_all(text).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
        let read = Lesson::read_all("[frustration worry]\nA [sic] b\n[?]\n! Come now\n").unwrap();
        assert_eq!((read[0].text.as_str(), read[0].emotions), ("A [sic] b", Some(0b1001)));
        assert_eq!((read[1].text.as_str(), read[1].emotions, read[1].is_urgent), ("Come now", None, Some(true)));
    }
}
