//! How is a number drawn? As SVG made on the server: no script, colours from the style sheet's classes.
//!
//! Every chart takes any floats: what is not finite is left out, and with nothing left the chart is an empty frame.
//! Each has a text alternative, because a picture alone says nothing to a screen reader.

use super::format::{decimal, escape, percent};
use std::fmt::{self, Display, Write};

/// A finished element, a picture most often: its texts are escaped already, so templates take it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// An element that was drawn here, with its texts escaped.
    pub(super) fn drawn(text: String) -> Self {
        Self(text)
    }

    /// The element's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Not escaped a second time: the texts in it are escaped where they are written.
impl askama::filters::HtmlSafe for Html {}

impl askama::FastWritable for Html {
    fn write_into(&self, out: &mut dyn Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(out.write_str(&self.0)?)
    }
}

/// The meaning of a bar's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// The model's own, or progress.
    Accent,
    /// What it is compared with.
    Quiet,
    /// Good, or enough.
    Good,
    /// To be watched.
    Warn,
    /// Bad, or high risk.
    Bad,
}

impl Tone {
    /// The name the style sheet knows it by.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Accent => "accent",
            Self::Quiet => "quiet",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// One column of a chart over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What is shown when the pointer rests on it: `22 Nov: 1,234`.
    pub title: String,
    /// Its height.
    pub value: f64,
}

/// One column of a chart whose columns have parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Of what it is: `22 Nov`.
    pub day: String,
    /// What is shown when the pointer rests on it: `12 by a model, 3 popular`.
    pub said: String,
    /// The heights of its parts, from the ground up.
    pub parts: Vec<f64>,
}

/// One point of a calibration curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationPoint {
    /// The mean predicted probability in the bin.
    pub predicted: f64,
    /// The share of the bin's customers to whom it happened.
    pub observed: f64,
    /// How many customers the bin holds.
    pub n: u64,
}

/// A line over time without axes; gaps where a value is not finite.
#[must_use]
pub fn sparkline(values: &[f64], label: &str) -> Html {
    const WIDTH: f64 = 100.0;
    const HEIGHT: f64 = 32.0;
    let top = max_of(values.iter().copied());
    let step = WIDTH / float(values.len().saturating_sub(1).max(1));
    let y = |value: f64| HEIGHT - 1.5 - value.max(0.0) / top * (HEIGHT - 4.0);
    let mut body = String::new();
    let indices: Vec<usize> = (0..values.len()).collect();
    for run in indices.split(|&i| !values[i].is_finite()).filter(|run| !run.is_empty()) {
        let mut points: Vec<(f64, f64)> = run.iter().map(|&i| (float(i) * step, y(values[i]))).collect();
        if let [(x, height)] = points[..] {
            // One value alone is a short dash, so that it can be seen.
            points = vec![((x - 1.0).max(0.0), height), ((x + 1.0).min(WIDTH), height)];
        }
        let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.2} {y:.2}")).collect();
        let (first, last) = (points[0].0, points[points.len() - 1].0);
        let line = line.join("L");
        let _ = write!(
            body,
            "<path class=\"spark-area\" d=\"M{first:.2} {HEIGHT}L{line}L{last:.2} {HEIGHT}z\"/>\
             <path class=\"spark-line\" d=\"M{line}\"/>"
        );
    }
    element("spark", WIDTH, HEIGHT, true, label, &body)
}

/// Columns side by side over a grid: where each of them stands.
struct Row {
    pitch: f64,
    gap: f64,
}

impl Row {
    const WIDTH: f64 = 1000.0;
    const HEIGHT: f64 = 100.0;
    const WIDEST: f64 = 120.0;
    const GRID: &str = "<path class=\"gridline\" d=\"M0 .5H1000M0 25H1000M0 50H1000M0 75H1000\"/><path class=\"axis\" d=\"M0 99.5H1000\"/>";

    fn of(n: usize) -> Self {
        let pitch = Self::WIDTH / float(n.max(1));
        Self { pitch, gap: (pitch * 0.25).min(8.0) }
    }

    /// How tall a value is where the largest is `top`; what is there at all can be seen.
    fn height(value: f64, top: f64) -> f64 {
        (value.max(0.0) / top * (Self::HEIGHT - 2.0)).max(if value > 0.0 { 0.8 } else { 0.0 })
    }

    /// Where the pointer rests on a column.
    fn hit(&self, i: usize) -> String {
        let (x, pitch) = (float(i) * self.pitch, self.pitch);
        format!("<rect class=\"hit\" x=\"{x:.2}\" y=\"0\" width=\"{pitch:.2}\" height=\"{}\"/>", Self::HEIGHT)
    }

    /// A bar of a column from `y` on downwards; `class` stands behind its own, `more` is further attributes.
    fn bar(&self, i: usize, y: f64, height: f64, class: &str, more: &str) -> String {
        // A few days are no walls: each stands in the middle of its place, and the only one where its name does.
        let width = (self.pitch - self.gap).min(Self::WIDEST);
        let is_only = self.pitch >= Self::WIDTH;
        let beside = if is_only { self.gap } else { self.pitch - width };
        let x = float(i) * self.pitch + beside / 2.0;
        format!(
            "<rect class=\"bar{class}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\"{more}/>"
        )
    }

    fn drawn(label: &str, body: &str) -> Html {
        element("columns", Self::WIDTH, Self::HEIGHT, true, label, body)
    }

    /// The same, where a script shows what the columns say where the pointer is.
    fn drawn_with_pointer(label: &str, body: &str) -> Html {
        Html(Self::drawn(label, body).0.replacen("<svg ", "<svg data-chart=\"\" ", 1))
    }
}

/// Columns over time. The texts of the axes stand beside the picture in HTML, where they keep their size.
#[must_use]
pub fn columns(columns: &[Column], label: &str) -> Html {
    let top = max_of(columns.iter().map(|column| column.value));
    let (row, mut body) = (Row::of(columns.len()), Row::GRID.to_owned());
    for (i, column) in columns.iter().enumerate().filter(|(_, column)| column.value.is_finite()) {
        let height = Row::height(column.value, top);
        let (title, bar) = (escape(&column.title), row.bar(i, Row::HEIGHT - height, height, "", ""));
        let _ = write!(body, "<g class=\"column\"><title>{title}</title>{}{bar}</g>", row.hit(i));
    }
    Row::drawn(label, &body)
}

/// A day of a chart that compares each with one before.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Which day: `22 Nov 2026`.
    pub name: String,
    /// What it came to, in words.
    pub told: String,
    /// Its height.
    pub value: f64,
    /// The height of the line: what the day before it came to.
    pub before: f64,
    /// Whether it has not ended: it is drawn hatched.
    pub is_open: bool,
}

/// Columns over time, with a line of what was before.
#[must_use]
pub fn days(days: &[Day], label: &str) -> Html {
    let top = max_of(days.iter().flat_map(|day| [day.value, day.before]));
    let (row, mut body) = (Row::of(days.len()), String::new());
    // A page may show several, and names are unique on it.
    let hatch = format!("open-day-{:x}", primitives::stable_hash(label));
    let _ = write!(
        body,
        "<defs><pattern id=\"{hatch}\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <path class=\"hatch\" d=\"M0 0V5\"/></pattern></defs>{}",
        Row::GRID
    );
    for (i, day) in days.iter().enumerate().filter(|(_, day)| day.value.is_finite()) {
        let height = Row::height(day.value, top);
        let fill = if day.is_open { format!(" fill=\"url(#{hatch})\"") } else { String::new() };
        let open = if day.is_open { " open" } else { "" };
        let _ = write!(
            body,
            "<g class=\"column{open}\" data-x=\"{name}\" data-y=\"{told}\"><title>{name}: {told}</title>{}{}</g>",
            row.hit(i),
            row.bar(i, Row::HEIGHT - height, height, "", &fill),
            name = escape(&day.name),
            told = escape(&day.told),
        );
    }
    let indices: Vec<usize> = (0..days.len()).collect();
    for run in indices.split(|&i| !days[i].before.is_finite()).filter(|run| run.len() > 1) {
        let y = |i: usize| Row::HEIGHT - Row::height(days[i].before, top);
        let points = run.iter().map(|&i| format!("{:.2} {:.2}", (float(i) + 0.5) * row.pitch, y(i)));
        let _ = write!(body, "<path class=\"before-line\" d=\"M{}\"/>", points.collect::<Vec<_>>().join("L"));
    }
    Row::drawn_with_pointer(label, &body)
}

/// Columns over time, each made of parts that stand on each other; `classes` names the colours of the parts, from the ground
/// up. `data-x` and `data-y` say what a script shows where the pointer is.
#[must_use]
pub fn stacked(columns: &[Stack], classes: &[&str], label: &str) -> Html {
    let sum = |stack: &Stack| stack.parts.iter().filter(|part| part.is_finite()).map(|part| part.max(0.0)).sum::<f64>();
    let top = max_of(columns.iter().map(sum));
    let (row, mut body) = (Row::of(columns.len()), Row::GRID.to_owned());
    for (i, stack) in columns.iter().enumerate() {
        let (day, said) = (escape(&stack.day), escape(&stack.said));
        let _ = write!(
            body,
            "<g class=\"column\" data-x=\"{day}\" data-y=\"{said}\"><title>{day}: {said}</title>{}",
            row.hit(i)
        );
        let mut ground = Row::HEIGHT;
        for (part, class) in stack.parts.iter().zip(classes).filter(|(part, _)| part.is_finite() && **part > 0.0) {
            let height = Row::height(*part, top);
            ground -= height;
            body += &row.bar(i, ground, height, &format!(" fill-{class}"), "");
        }
        body += "</g>";
    }
    Row::drawn_with_pointer(label, &body)
}

/// A horizontal bar that fills a share of its track.
#[must_use]
pub fn meter(share: f64, tone: Tone, label: &str) -> Html {
    let width = unit(share) * 100.0;
    let body = format!(
        "<rect class=\"track\" width=\"100\" height=\"6\"/><rect class=\"fill-{}\" width=\"{width:.2}\" height=\"6\"/>",
        tone.class()
    );
    element("meter", 100.0, 6.0, true, label, &body)
}

/// A horizontal bar made of parts beside each other, each of its class; together they fill it.
#[must_use]
pub fn shares(parts: &[f64], classes: &[String], label: &str) -> Html {
    let size = |part: &f64| if part.is_finite() { part.max(0.0) } else { 0.0 };
    let total: f64 = parts.iter().map(size).sum();
    let (mut body, mut x) = ("<rect class=\"track\" width=\"100\" height=\"6\"/>".to_owned(), 0.0);
    for (part, class) in parts.iter().zip(classes).filter(|(part, _)| size(part) > 0.0) {
        let width = size(part) / total * 100.0;
        let _ = write!(body, "<rect class=\"{class}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"6\"/>");
        x += width;
    }
    element("meter", 100.0, 6.0, true, label, &body)
}

/// A bar from the middle to the right where the value is positive, else to the left; `max` fills one half, `tones` are
/// those of the right and the left.
#[must_use]
pub fn diverging(value: f64, max: f64, tones: (Tone, Tone), label: &str) -> Html {
    let reach = if value.is_finite() && max > 0.0 { (value.abs() / max).min(1.0) * 50.0 } else { 0.0 };
    let (x, tone) = if value >= 0.0 { (50.0, tones.0) } else { (50.0 - reach, tones.1) };
    let body = format!(
        "<rect class=\"fill-{}\" x=\"{x:.2}\" y=\"1\" width=\"{reach:.2}\" height=\"8\"/><path class=\"axis\" d=\"M50 0V10\"/>",
        tone.class()
    );
    element("diverging", 100.0, 10.0, true, label, &body)
}

/// An estimate with its interval on a scale from nought to `max`.
#[must_use]
pub fn interval(low: f64, estimate: f64, high: f64, max: f64, label: &str) -> Html {
    let at = |value: f64| unit(value / max) * 100.0;
    let body = format!(
        "<rect class=\"track\" y=\"5\" width=\"100\" height=\"4\"/>\
         <rect class=\"fill-soft\" x=\"{:.2}\" y=\"3\" width=\"{:.2}\" height=\"8\"/><path class=\"mark\" d=\"M{2:.2} 0V14\"/>",
        at(low),
        (at(high) - at(low)).max(0.4),
        at(estimate)
    );
    element("interval", 100.0, 14.0, true, label, &body)
}

/// A probability as a half circle with its percentage inside.
#[must_use]
pub fn gauge(probability: f64, tone: Tone, label: &str) -> Html {
    const ARC: &str = "M10 62A50 50 0 0 1 110 62";
    let filled = unit(probability) * 100.0;
    let mut body = format!("<path class=\"gauge-track\" d=\"{ARC}\"/>");
    if filled > 0.0 {
        let _ = write!(
            body,
            "<path class=\"stroke-{}\" d=\"{ARC}\" pathLength=\"100\" stroke-dasharray=\"{filled:.2} 100\"/>",
            tone.class()
        );
    }
    let _ = write!(body, "<text class=\"gauge-text\" x=\"60\" y=\"58\">{}</text>", percent(probability));
    element("gauge", 120.0, 70.0, false, label, &body)
}

/// Predicted against observed: on the diagonal, seven of ten customers with a risk of 70 % really leave.
#[must_use]
pub fn calibration(points: &[CalibrationPoint], label: &str) -> Html {
    const SIDE: f64 = 200.0;
    const LEFT: f64 = 34.0;
    let x = |value: f64| LEFT + unit(value) * SIDE;
    let y = |value: f64| 8.0 + (1.0 - unit(value)) * SIDE;
    let mut body = String::new();
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let _ = write!(
            body,
            "<path class=\"gridline\" d=\"M{LEFT} {0:.1}H{1:.1}M{2:.1} 8V{3:.1}\"/>",
            y(tick),
            LEFT + SIDE,
            x(tick),
            8.0 + SIDE
        );
        let text = decimal(tick * 100.0, 0);
        let _ = write!(body, "<text class=\"tick end\" x=\"{}\" y=\"{:.1}\">{text}</text>", LEFT - 6.0, y(tick) + 3.5);
        let _ = write!(body, "<text class=\"tick mid\" x=\"{:.1}\" y=\"{}\">{text}</text>", x(tick), SIDE + 24.0);
    }
    let _ = write!(body, "<path class=\"ideal\" d=\"M{LEFT} {}L{} 8\"/>", 8.0 + SIDE, LEFT + SIDE);
    let mut known: Vec<_> = points.iter().filter(|p| p.predicted.is_finite() && p.observed.is_finite()).collect();
    known.sort_by(|a, b| a.predicted.total_cmp(&b.predicted));
    let line: Vec<String> = known.iter().map(|p| format!("{:.1} {:.1}", x(p.predicted), y(p.observed))).collect();
    if line.len() > 1 {
        let _ = write!(body, "<path class=\"curve\" d=\"M{}\"/>", line.join("L"));
    }
    let n_max = known.iter().map(|point| point.n).max().unwrap_or(1).max(1);
    for point in known {
        let radius = 3.0 + 4.0 * (super::format::float(point.n) / super::format::float(n_max)).sqrt();
        let title = format!(
            "{} customers: predicted {}, observed {}",
            super::format::count(point.n),
            percent(point.predicted),
            percent(point.observed)
        );
        let _ = write!(
            body,
            "<circle class=\"point\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\"><title>{title}</title></circle>",
            x(point.predicted),
            y(point.observed)
        );
    }
    element("calibration", LEFT + SIDE + 14.0, SIDE + 30.0, false, label, &body)
}

/// The largest finite value, at least a little above nought, so that it can be divided by.
fn max_of(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).fold(f64::MIN_POSITIVE, f64::max)
}

fn unit(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

fn float(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a position in a chart of at most a few thousand points")]
    let value = n as f64;
    value
}

/// The element around a chart; `stretch` lets it fill any box, for charts without text. Without a label it decorates.
fn element(class: &str, width: f64, height: f64, stretch: bool, label: &str, body: &str) -> Html {
    let ratio = if stretch { " preserveAspectRatio=\"none\"" } else { "" };
    let role = if label.is_empty() {
        "aria-hidden=\"true\"".to_owned()
    } else {
        format!("role=\"img\" aria-label=\"{}\"", escape(label))
    };
    Html(format!(
        "<svg class=\"chart {class}\" viewBox=\"0 0 {width} {height}\"{ratio} {role} focusable=\"false\">{body}</svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_chart(values: &[f64]) -> Vec<Html> {
        let label = "<b>&\"label\"";
        let column = |value: &f64| Column { title: "<script>".to_owned(), value: *value };
        let stack = |value: &f64| Stack { day: "<b>".to_owned(), said: label.to_owned(), parts: vec![*value, 1.0] };
        let day = |value: &f64| Day {
            name: "<b>".to_owned(),
            told: label.to_owned(),
            value: *value,
            before: *value,
            is_open: true,
        };
        let point = |value: &f64| CalibrationPoint { predicted: *value, observed: 0.5, n: 0 };
        let first = values.first().copied().unwrap_or(f64::NAN);
        vec![
            sparkline(values, label),
            columns(&values.iter().map(column).collect::<Vec<_>>(), label),
            days(&values.iter().map(day).collect::<Vec<_>>(), label),
            stacked(&values.iter().map(stack).collect::<Vec<_>>(), &["accent", "quiet"], label),
            calibration(&values.iter().map(point).collect::<Vec<_>>(), label),
            meter(first, Tone::Good, label),
            diverging(first, first, (Tone::Bad, Tone::Good), label),
            interval(first, first, first, first, label),
            gauge(first, Tone::Bad, label),
        ]
    }

    #[test]
    fn any_numbers_give_a_picture_with_finite_coordinates_and_escaped_texts() {
        for values in [
            &[][..],
            &[0.0],
            &[7.0],
            &[-3.0],
            &[f64::NAN],
            &[f64::INFINITY, f64::NEG_INFINITY],
            &[0.0, 0.0],
            &[1.0, f64::NAN, 3.0, 2.0],
            &[1e300, 1e-300],
        ] {
            for svg in every_chart(values) {
                let text = svg.as_str();
                assert!(text.starts_with("<svg ") && text.ends_with("</svg>"), "{text}");
                assert!(!text.contains("NaN") && !text.contains("inf"), "{values:?}: {text}");
                assert!(!text.contains("<b>") && !text.contains("<script>") && !text.contains("style="), "{text}");
            }
        }
    }

    #[test]
    fn a_line_breaks_where_a_value_is_missing() {
        assert_eq!(sparkline(&[1.0, 2.0, 3.0], "").as_str().matches("spark-line").count(), 1);
        assert_eq!(sparkline(&[1.0, f64::NAN, 3.0], "").as_str().matches("spark-line").count(), 2);
        assert_eq!(sparkline(&[], "").as_str().matches("spark-line").count(), 0);
    }

    #[test]
    fn lengths_say_what_the_numbers_say() {
        let tones = (Tone::Bad, Tone::Good);
        assert!(meter(0.25, Tone::Accent, "").as_str().contains("class=\"fill-accent\" width=\"25.00\""));
        assert!(meter(7.0, Tone::Accent, "").as_str().contains("width=\"100.00\""));
        assert!(
            diverging(1.0, 2.0, tones, "").as_str().contains("class=\"fill-bad\" x=\"50.00\" y=\"1\" width=\"25.00\"")
        );
        assert!(
            diverging(-2.0, 2.0, tones, "").as_str().contains("class=\"fill-good\" x=\"0.00\" y=\"1\" width=\"50.00\"")
        );
        assert!(gauge(0.83, Tone::Bad, "").as_str().contains("stroke-dasharray=\"83.00 100\""));
        assert!(gauge(0.0, Tone::Bad, "").as_str().contains("0 %"));
        assert!(columns(&[Column { title: "a".to_owned(), value: 0.0 }], "").as_str().contains("height=\"0.00\""));
        assert!(interval(0.1, 0.2, 0.3, 1.0, "").as_str().contains("x=\"10.00\" y=\"3\" width=\"20.00\""));
    }
}
