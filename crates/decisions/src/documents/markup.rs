//! Of which headings and paragraphs does an HTML page consist?

use super::blocks::Block;

/// Elements of which nothing is shown, or that only lead elsewhere.
const HIDDEN: [&str; 8] = ["script", "style", "head", "nav", "template", "noscript", "svg", "footer"];
/// Elements that stand within a line.
const INLINE: [&str; 18] = [
    "a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "kbd", "mark", "q", "s", "small", "span", "strong",
    "sub", "u",
];
/// The longest name of an element, in bytes.
const NAME_BYTES_MAX: usize = 20;

/// The parts of a page: what is between headings, paragraphs and cells, without tags, scripts and what is hidden.
pub(super) fn of_html(page: &str) -> Vec<Block> {
    let mut reading = Reading::default();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        reading.push(before);
        if let Some(comment) = from.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let is_tag = from
            .get(1..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')));
        if !is_tag {
            reading.push("<");
            rest = from.get(1..).unwrap_or_default();
            continue;
        }
        let Some((tag, after)) = from.split_once('>') else { break };
        rest = reading.tag(tag, after);
    }
    if !rest.starts_with('<') {
        reading.push(rest);
    }
    reading.end();
    reading.blocks
}

/// The title that a page gives itself.
pub(super) fn title_of(page: &str) -> Option<String> {
    let small = page.get(..page.floor_char_boundary(16 << 10))?.to_ascii_lowercase();
    let from = small.find("<title")?;
    let start = from + small.get(from..)?.find('>')? + 1;
    let end = start + small.get(start..)?.find("</title")?;
    let title = one_line(&shown(page.get(start..end)?));
    (!title.is_empty()).then_some(title)
}

#[derive(Default)]
struct Reading {
    blocks: Vec<Block>,
    text: String,
    heading: Option<usize>,
}

impl Reading {
    fn push(&mut self, raw: &str) {
        self.text.push_str(raw);
    }

    /// Takes a tag, without its end, and answers what is read next.
    fn tag<'a>(&mut self, tag: &str, after: &'a str) -> &'a str {
        let is_end = tag.starts_with("</");
        let name = tag.trim_start_matches(['<', '/']);
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let name: String = name.chars().take(NAME_BYTES_MAX).map(|c| c.to_ascii_lowercase()).collect();
        if HIDDEN.contains(&name.as_str()) && !is_end && !tag.ends_with('/') {
            return after_end(after, &name);
        }
        if INLINE.contains(&name.as_str()) {
            return after;
        }
        let level = name
            .strip_prefix('h')
            .and_then(|level| level.parse::<usize>().ok())
            .filter(|level| (1..=6).contains(level));
        if name == "br" || name == "li" && !is_end {
            self.text.push_str(if name == "li" { "\n- " } else { "\n" });
            return after;
        }
        if matches!(name.as_str(), "li" | "ul" | "ol") {
            return after;
        }
        self.end();
        self.heading = level.filter(|_| !is_end);
        after
    }

    fn end(&mut self) {
        let text = shown(&std::mem::take(&mut self.text));
        let heading = self.heading.take();
        if !text.contains(char::is_alphanumeric) {
            return;
        }
        self.blocks.push(match heading {
            Some(level) => Block::Heading(level, one_line(&text)),
            None => Block::Text(lines(&text)),
        });
    }
}

/// What comes after the end of an element; nothing where it has none.
fn after_end<'a>(from: &'a str, name: &str) -> &'a str {
    let mut at = 0;
    while let Some(next) = from.get(at..).and_then(|rest| rest.find("</")) {
        let start = at + next + 2;
        let is_it = from.get(start..start + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is_it {
            return from.get(start..).and_then(|rest| rest.split_once('>')).map_or("", |(_, after)| after);
        }
        at = start;
    }
    ""
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of a text, each without spaces around.
fn lines(text: &str) -> String {
    let all: Vec<String> = text.lines().map(one_line).filter(|line| !line.is_empty() && line != "-").collect();
    all.join("\n")
}

/// Entities as the letters that they stand for.
fn shown(raw: &str) -> String {
    let mut shown = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let name =
            from.get(1..).and_then(|rest| rest.split_once(';')).map(|(name, _)| name).filter(|name| name.len() <= 10);
        match name.and_then(|name| Some((name, letter(name)?))) {
            Some((name, letter)) => {
                shown.push(letter);
                rest = from.get(name.len() + 2..).unwrap_or_default();
            }
            None => {
                shown.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    shown.push_str(rest);
    shown
}

fn letter(name: &str) -> Option<char> {
    const NAMED: [(&str, char); 30] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("euro", '€'),
        ("pound", '£'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("hellip", '…'),
        ("auml", 'ä'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("Auml", 'Ä'),
        ("Ouml", 'Ö'),
        ("Uuml", 'Ü'),
        ("szlig", 'ß'),
        ("eacute", 'é'),
        ("egrave", 'è'),
        ("ecirc", 'ê'),
        ("agrave", 'à'),
        ("acirc", 'â'),
        ("ccedil", 'ç'),
        ("ntilde", 'ñ'),
        ("oacute", 'ó'),
        ("rsquo", '’'),
        ("lsquo", '‘'),
        ("ldquo", '“'),
        ("rdquo", '”'),
    ];
    if let Some(number) = name.strip_prefix('#') {
        let hexadecimal = number.strip_prefix(['x', 'X']).map(|digits| u32::from_str_radix(digits, 16));
        let code = hexadecimal.unwrap_or_else(|| number.parse()).ok()?;
        return char::from_u32(code).filter(|letter| !letter.is_control());
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_it_is_shown() {
        let page = "<html><head><title>Help &amp; more</title><style>p{}</style></head><body><nav><a href=x>Home</a></nav>\
                    <h1>Return<b>s</b></h1><p>Send it <a href='/x'>back</a> within&nbsp;30 days.<br>It is free.</p>\
                    <script>if (a < b) alert('no')</script><h2>How?</h2><ul><li>one</li><li>two &lt;b&gt;</li></ul><!-- no <p> -->\
                    <div>3 < 4 &unknown; &#x41;&#66;</div><footer>imprint</footer></body>";
        let heading = |level, text: &str| Block::Heading(level, text.to_owned());
        let text = |text: &str| Block::Text(text.to_owned());
        assert_eq!(
            of_html(page),
            [
                heading(1, "Returns"),
                text("Send it back within 30 days.\nIt is free."),
                heading(2, "How?"),
                text("- one\n- two <b>"),
                text("3 < 4 &unknown; AB"),
            ]
        );
        assert_eq!(title_of(page).as_deref(), Some("Help & more"));
        assert_eq!((title_of("<p>no"), of_html("<script>never ends"), of_html("<")), (None, Vec::new(), Vec::new()));
    }
}
