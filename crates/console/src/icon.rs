//! Which picture stands for what? Our own line icons, 16 by 16, drawn in the colour of the text around them.

use super::chart::Html;

/// A line icon. It decorates a text that says the same, so screen readers skip it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// The overview; four tiles.
    Overview,
    /// Events arriving; a pulse.
    Pulse,
    /// Customers; two people.
    People,
    /// One customer; a person.
    Person,
    /// Models; a stack of layers.
    Layers,
    /// Features; bars of different lengths.
    Gauge,
    /// Decisions; a path that forks.
    Fork,
    /// The API; angle brackets.
    Code,
    /// A search; a magnifying glass.
    Search,
    /// A purchase; a shopping bag.
    Bag,
    /// A product looked at or put into a cart; a tag.
    Tag,
    /// A page or a screen seen; a sheet.
    Page,
    /// Something said; a speech bubble.
    Talk,
    /// A payment; a card.
    Card,
    /// A mail or another message; an envelope.
    Mail,
    /// Consent given or withdrawn; a shield.
    Shield,
    /// Any other event; a dot.
    Dot,
    /// All is well; a tick.
    Tick,
    /// Something is wrong; an exclamation mark in a triangle.
    Alert,
    /// Something to know; an i in a circle.
    Info,
    /// It goes on; an arrow to the right.
    Arrow,
    /// Keys; a key.
    Key,
    /// The audit list; lines with their marks.
    List,
    /// Data; a sheet with a head and columns.
    Sheet,
    /// Imports; an arrow into a tray.
    Inbox,
    /// Settings; sliders.
    Sliders,
    /// The system; a machine with its lights.
    Machine,
}

impl Icon {
    /// The icon as an SVG element.
    #[must_use]
    pub fn svg(self) -> Html {
        Html::drawn(format!(
            "<svg class=\"icon\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\" focusable=\"false\">{}</svg>",
            self.paths()
        ))
    }

    /// The icon that suits an event's name.
    #[must_use]
    pub fn for_event(kind: &str, name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
        match kind {
            "page" | "screen" => Self::Page,
            "identify" | "alias" => Self::Person,
            "group" => Self::People,
            _ if any(&["consent"]) => Self::Shield,
            _ if any(&["payment", "chargeback", "subscription"]) => Self::Card,
            _ if any(&["order", "checkout", "purchase"]) => Self::Bag,
            _ if any(&["product", "cart", "coupon", "promotion", "wishlist"]) => Self::Tag,
            _ if any(&["email", "mail", "push", "sms"]) => Self::Mail,
            _ if any(&["ticket", "review", "chat", "message", "call", "csat", "nps", "ces submitted"]) => Self::Talk,
            _ if any(&["search"]) => Self::Search,
            _ if any(&["page", "screen", "session"]) => Self::Page,
            _ if any(&["decision"]) => Self::Fork,
            _ if any(&["service"]) => Self::Gauge,
            _ => Self::Dot,
        }
    }

    fn paths(self) -> &'static str {
        match self {
            Self::Overview => {
                r#"<rect x="2" y="2" width="5" height="5" rx="1.2"/><rect x="9" y="2" width="5" height="5" rx="1.2"/><rect x="2" y="9" width="5" height="5" rx="1.2"/><rect x="9" y="9" width="5" height="5" rx="1.2"/>"#
            }
            Self::Pulse => r#"<path d="M1.5 8.5h3l2-5.5 3 10.5 2-5h3"/>"#,
            Self::People => {
                r#"<circle cx="6" cy="5" r="2.5"/><path d="M1.5 13.5c.3-2.8 2-4.3 4.5-4.3s4.2 1.5 4.5 4.3M10.5 2.7a2.5 2.5 0 0 1 0 4.6M12 9.6c1.5.6 2.3 1.9 2.5 3.9"/>"#
            }
            Self::Person => {
                r#"<circle cx="8" cy="5" r="2.8"/><path d="M2.8 14c.3-3 2.3-4.6 5.2-4.6s4.9 1.6 5.2 4.6"/>"#
            }
            Self::Layers => r#"<path d="M8 1.8 14.2 5 8 8.2 1.8 5zM1.8 8 8 11.2 14.2 8M1.8 11 8 14.2 14.2 11"/>"#,
            Self::Gauge => r#"<path d="M3 14V8.5M8 14V2.5M13 14V6"/>"#,
            Self::Fork => {
                r#"<circle cx="3" cy="8" r="1.5"/><circle cx="13" cy="3.5" r="1.5"/><circle cx="13" cy="12.5" r="1.5"/><path d="M4.5 8H6c3 0 2.5-4.5 5.5-4.5M6 8c3 0 2.5 4.5 5.5 4.5"/>"#
            }
            Self::Code => r#"<path d="M5 4 1.5 8 5 12M11 4l3.5 4L11 12M9.3 2.5 6.7 13.5"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.7 3.7"/>"#,
            Self::Bag => r#"<path d="M3 5h10l.8 9H2.2zM5.5 7V4.3a2.5 2.5 0 0 1 5 0V7"/>"#,
            Self::Tag => r#"<path d="M2 2h5.5L14 8.5 8.5 14 2 7.5z"/><circle cx="5" cy="5" r=".8"/>"#,
            Self::Page => r#"<path d="M3.5 1.8h6l3 3v9.4h-9zM6 7.5h4M6 10.5h4"/>"#,
            Self::Talk => r#"<path d="M2 3h12v8.5H7.5L4 14.3v-2.8H2z"/>"#,
            Self::Card => r#"<rect x="1.5" y="3.5" width="13" height="9" rx="1.5"/><path d="M1.5 6.5h13M4 10h3"/>"#,
            Self::Mail => r#"<rect x="1.5" y="3" width="13" height="10" rx="1.5"/><path d="m2 4.3 6 4.7 6-4.7"/>"#,
            Self::Shield => {
                r#"<path d="M8 1.5 13.5 3.5v4.3c0 3-2 5.2-5.5 6.7-3.5-1.5-5.5-3.7-5.5-6.7V3.5zM5.7 8l1.7 1.7 3-3.2"/>"#
            }
            Self::Dot => r#"<circle cx="8" cy="8" r="2.5"/>"#,
            Self::Tick => r#"<path d="m3 8.5 3.3 3.3L13 4.5"/>"#,
            Self::Alert => r#"<path d="M8 2 14.8 13.8H1.2zM8 6.3v3.4M8 11.7v.1"/>"#,
            Self::Info => r#"<circle cx="8" cy="8" r="6.3"/><path d="M8 7.3v4M8 4.7v.1"/>"#,
            Self::Key => r#"<circle cx="5" cy="11" r="3.2"/><path d="m7.3 8.7 6.2-6.2M11 5l2 2M9 7l1.3 1.3"/>"#,
            Self::List => r#"<path d="M6 3.5h8.5M6 8h8.5M6 12.5h8.5M1.8 3.5h1M1.8 8h1M1.8 12.5h1"/>"#,
            Self::Sheet => {
                r#"<rect x="1.8" y="2.5" width="12.4" height="11" rx="1.5"/><path d="M1.8 6.2h12.4M6 6.2v7.3"/>"#
            }
            Self::Inbox => r#"<path d="M8 1.8v7.4M5 6.4l3 3 3-3M2 9.5v4.2h12V9.5"/>"#,
            Self::Sliders => {
                r#"<path d="M2 4.5h5M11 4.5h3M2 11.5h3M9 11.5h5"/><circle cx="9" cy="4.5" r="1.8"/><circle cx="7" cy="11.5" r="1.8"/>"#
            }
            Self::Machine => {
                r#"<rect x="2" y="2.5" width="12" height="4.6" rx="1.2"/><rect x="2" y="8.9" width="12" height="4.6" rx="1.2"/><path d="M4.6 4.8h.1M4.6 11.2h.1M7.5 4.8h4M7.5 11.2h4"/>"#
            }
            Self::Arrow => r#"<path d="M3 8h10M9 4l4 4-4 4"/>"#,
        }
    }
}
