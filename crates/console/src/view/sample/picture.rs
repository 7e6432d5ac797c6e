//! What does the console look like to somebody who reads the README? One page, packed into a picture of its own.

use super::{Frame, Overview, overview};
use crate::{CSS, LOGO};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The part of the page that the picture shows, in pixels.
const WIDTH: u32 = 1_280;
const HEIGHT: u32 = 860;

/// The sample overview as an SVG image that needs no other file: the page itself with its styles, not a drawing of it.
/// Follows the reader's light or dark colours, as the page does.
#[must_use]
pub fn picture() -> String {
    let html = Overview { frame: Frame { notice: None, ..overview().frame }, ..overview() }.render();
    let body = html.split_once("<body>").and_then(|(_, rest)| rest.split_once("</body>")).map_or("", |(body, _)| body);
    // The height of the window is the height of the picture.
    let css = for_one_width(&String::from_utf8_lossy(CSS)).replace("100vh", &format!("{HEIGHT}px"));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-label=\"The console's overview, with invented data\">\n<style><![CDATA[\n{css}\n\
         ]]></style>\n<foreignObject width=\"{WIDTH}\" height=\"{HEIGHT}\">\
         <html xmlns=\"http://www.w3.org/1999/xhtml\"><body>{}</body></html></foreignObject>\n</svg>\n",
        as_xml(body)
    )
}

/// The styles without those for narrow screens: the picture is one width, however small it is shown.
fn for_one_width(css: &str) -> String {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("@media screen and (max-width") {
        kept.push_str(before);
        let mut depth = 0_i32;
        let end = after.find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == '}' && depth == 0
        });
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    kept + rest
}

/// The page's HTML as XML: elements without content are closed, attributes without a value have one, drawings say that they
/// are, and the logo is inside.
fn as_xml(html: &str) -> String {
    let logo = format!("src=\"data:image/svg+xml;base64,{}\"", STANDARD.encode(LOGO));
    let mut xml = String::with_capacity(html.len() + logo.len());
    let mut rest = html;
    while let Some(start) = ["<img ", "<input ", "<br", "<hr"].iter().filter_map(|tag| rest.find(tag)).min() {
        let end = rest[start..].find('>').map_or(rest.len(), |end| start + end);
        xml.push_str(rest[..end].trim_end_matches('/'));
        xml.push('/');
        rest = &rest[end..];
    }
    xml.push_str(rest);
    let xml = with_values(&xml).replace("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ");
    match xml.split_once("src=\"/assets/logo.svg") {
        Some((before, after)) => {
            let after = after.split_once('"').map_or("", |(_, after)| after);
            format!("{before}{logo}{after}")
        }
        None => xml,
    }
}

/// Attributes without a value as those of an empty one.
fn with_values(html: &str) -> String {
    let mut parts = html.split('<');
    let mut xml = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        xml.push('<');
        // Outside of quotes, a word without a sign of equality is such an attribute, but the first is the element's name.
        let (mut is_quoted, mut is_tag, mut is_named) = (false, true, true);
        let mut word = String::new();
        for letter in part.chars() {
            let ends = is_tag && !is_quoted && matches!(letter, ' ' | '\n' | '>' | '/');
            if ends {
                if !is_named && !word.is_empty() && !word.contains('=') {
                    xml.push_str("=\"\"");
                }
                is_named &= word.is_empty();
                word.clear();
                is_tag = letter != '>';
            } else if is_tag {
                word.push(letter);
                is_quoted ^= letter == '"';
            }
            xml.push(letter);
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_in_the_readme_is_the_console_as_it_is() {
        let kept = include_str!("../../../../../docs/console.svg");
        assert!(
            kept == picture(),
            "the console has changed: run `cargo run -p console --example preview -- --picture docs/console.svg`"
        );
    }

    #[test]
    fn styles_for_narrow_screens_are_left_out() {
        assert_eq!(for_one_width("a{b}@media screen and (max-width: 9px) {c{d}e{f}}g{h}"), "a{b}g{h}");
        assert_eq!(for_one_width("a{b}@media print {c{d}}"), "a{b}@media print {c{d}}");
    }

    #[test]
    fn a_page_becomes_xml() {
        assert_eq!(as_xml("<p>a<br>b</p><input name=\"x\">"), "<p>a<br/>b</p><input name=\"x\"/>");
        let open = "<p hidden>a b<input data-x name=\"a b/c\" y></p><a x=\"1>2\" y\n z=\"\">";
        let told = "<p hidden=\"\">a b<input data-x=\"\" name=\"a b/c\" y=\"\"/></p><a x=\"1>2\" y=\"\"\n z=\"\">";
        assert_eq!(as_xml(open), told);
    }
}
