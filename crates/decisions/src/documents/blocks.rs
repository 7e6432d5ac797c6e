//! Of which headings and paragraphs does a document consist?

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// A heading, with its level from 1.
    Heading(usize, String),
    /// A paragraph, a list or anything else that stands together.
    Text(String),
}

/// The parts of a text in Markdown. What is code is text; a line of `===` or `---` below a line makes that a heading.
pub(super) fn of_markdown(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let bare = line.trim();
        if let Some(sign) = ["```", "~~~"].into_iter().find(|sign| bare.starts_with(sign)) {
            match fence {
                None => fence = Some(sign),
                Some(open) if open == sign => fence = None,
                Some(_) => lines.push(line),
            }
            continue;
        }
        if fence.is_some() {
            lines.push(line);
            continue;
        }
        let under = |sign: char| bare.len() >= 3 && bare.chars().all(|c| c == sign);
        if let Some((level, heading)) = heading(bare) {
            end(&mut blocks, &mut lines);
            blocks.push(Block::Heading(level, heading));
        } else if (under('=') || under('-')) && lines.len() == 1 && !lines[0].trim().is_empty() {
            let level = if under('=') { 1 } else { 2 };
            blocks.push(Block::Heading(level, unmarked(lines[0].trim())));
            lines.clear();
        } else if bare.is_empty() {
            end(&mut blocks, &mut lines);
        } else if !(under('-') || under('*') || under('_')) {
            lines.push(line);
        }
    }
    end(&mut blocks, &mut lines);
    blocks
}

fn end(blocks: &mut Vec<Block>, lines: &mut Vec<&str>) {
    let text: Vec<String> = lines.drain(..).map(|line| unmarked(line.trim_end())).collect();
    let text = text.join("\n");
    if text.contains(char::is_alphanumeric) {
        blocks.push(Block::Text(text.trim_matches('\n').to_owned()));
    }
}

/// `## Returns ##` is a heading of level 2.
fn heading(line: &str) -> Option<(usize, String)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let rest = line.get(level..)?;
    let is_heading = (1..=6).contains(&level) && rest.starts_with([' ', '\t']);
    let text = unmarked(rest.trim().trim_end_matches('#').trim_end());
    (is_heading && !text.is_empty()).then_some((level, text))
}

/// A line without the signs of emphasis, code, links and pictures.
fn unmarked(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['[', '*', '`', '\\', '!', '_']) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let link = from.strip_prefix('!').unwrap_or(from);
        if let Some((text, after)) = link_text(link) {
            shown.push_str(text);
            rest = after;
            continue;
        }
        let mut letters = from.chars();
        let sign = letters.next().unwrap_or_default();
        rest = letters.as_str();
        match sign {
            '\\' => {
                let escaped = rest.chars().next();
                shown.extend(escaped);
                rest = rest.get(escaped.map_or(0, char::len_utf8)..).unwrap_or_default();
            }
            '*' | '`' if !is_bullet(before, rest, &shown) => {}
            // Alone it is a letter, within a word or in a placeholder.
            '_' if rest.starts_with('_') => rest = rest.trim_start_matches('_'),
            _ => shown.push(sign),
        }
    }
    shown.push_str(rest);
    shown
}

/// Whether a star stands at the beginning of a line as the sign of a list.
fn is_bullet(before: &str, after: &str, shown: &str) -> bool {
    before.trim().is_empty() && shown.trim().is_empty() && after.starts_with(' ')
}

/// The text of `[text](address)`, and what comes after.
fn link_text(from: &str) -> Option<(&str, &str)> {
    let (text, rest) = from.strip_prefix('[')?.split_once(']')?;
    let (_, after) = rest.strip_prefix('(')?.split_once(')')?;
    Some((text, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Block {
        Block::Text(text.to_owned())
    }

    fn heading(level: usize, text: &str) -> Block {
        Block::Heading(level, text.to_owned())
    }

    #[test]
    fn markdown_is_read_as_it_is_shown() {
        let found = of_markdown(
            "Returns\n=======\n\nSend it **back** within `30` days, see [the page](https://a/b_c).\nIt is free.\n\n\
             ## How? ##\n\n* one\n* two\n\n---\n\n```\n# no heading\n```\n\\*star ![a picture](x.png) order_id __loud__\n#no\n###### six\n",
        );
        assert_eq!(
            found,
            [
                heading(1, "Returns"),
                text("Send it back within 30 days, see the page.\nIt is free."),
                heading(2, "How?"),
                text("* one\n* two"),
                text("# no heading\n*star a picture order_id loud\n#no"),
                heading(6, "six"),
            ]
        );
        assert_eq!(of_markdown("\n \n***\n"), []);
    }

    #[test]
    fn placeholders_stay_as_they_are() {
        assert_eq!(of_markdown("Your order is {{order.last_status}}."), [text("Your order is {{order.last_status}}.")]);
    }
}
