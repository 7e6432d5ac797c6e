//! What do keys and the audit list look like with something on them?

use super::{before, frame};
use crate::Icon;
use crate::view::{AuditFilter, AuditPage, AuditRow, KeyRow, KeyRowState, KeysPage, MadeKey};
use primitives::HOUR_MS;

const MINUTE: i64 = 60_000;

/// Keys of a team of three with two services.
#[must_use]
pub fn keys() -> KeysPage {
    let row = |id: &str, name: &str, role: &str, days: i64, used_ms: Option<i64>, state| KeyRow {
        id: id.to_owned(),
        name: name.to_owned(),
        role: role.to_owned(),
        created_at: Some(before(days * 24 * HOUR_MS)),
        used_at: used_ms.map(before),
        state,
    };
    let in_force = KeyRowState::InForce;
    let roles = [("write", "clients send events with it; it may be public"), ("viewer", "people look at the console")];
    KeysPage {
        frame: frame("/keys"),
        made: Some(MadeKey {
            name: "Ann, marketing".to_owned(),
            role: "viewer".to_owned(),
            key: "rp_viewer_5e1f6c0f0a8e4f6bb7f5c1d2a3948576e1f2a3b4c5d6e7f8091a2b3c4d5e6f70".to_owned(),
        }),
        roles: roles.map(|(name, meaning)| (name.to_owned(), meaning.to_owned())).into(),
        rows: vec![
            KeyRow {
                created_at: None,
                ..row("preset-server", "preset server key", "server", 0, Some(MINUTE), KeyRowState::Preset)
            },
            row("k_5e1f6c0f0a", "Ann, marketing", "viewer", 0, None, in_force),
            row("k_91b7c2d4e8", "Mei Chen", "admin", 61, Some(3 * MINUTE), in_force),
            row("k_0b64f1a2c9", "Web shop", "write", 62, Some(0), in_force),
            row("k_77d0e3f5a1", "first server key", "server", 62, Some(40 * 24 * HOUR_MS), KeyRowState::Replaced),
            row("k_c2a9e7b310", "Old app", "write", 60, None, KeyRowState::Revoked { at: before(9 * 24 * HOUR_MS) }),
        ],
    }
}

/// What a morning leaves in the audit list.
#[must_use]
pub fn audit() -> AuditPage {
    let row = |ms: i64, who: &str, role: &str, what: &str, icon, subject: &str| AuditRow {
        at: before(ms),
        who: who.to_owned(),
        role: (!role.is_empty()).then(|| role.to_owned()),
        what: what.to_owned(),
        is_refusal: what == "Sign-in refused",
        icon,
        subject: subject.to_owned(),
        href: (what == "Opened a customer").then(|| format!("/customers/{subject}")),
        address: (!role.is_empty() || what == "Sign-in refused").then(|| "192.0.2.17".to_owned()),
    };
    AuditPage {
        frame: frame("/audit"),
        of: AuditFilter::All,
        rows: vec![
            row(MINUTE, "Ann, marketing", "viewer", "Opened a customer", Icon::People, "1622362"),
            row(
                9 * MINUTE,
                "Mei Chen",
                "admin",
                "Made a key",
                Icon::Key,
                "viewer key \"Ann, marketing\" (k_5e1f6c0f0a)",
            ),
            row(12 * MINUTE, "Mei Chen", "admin", "Signed in", Icon::Person, "console"),
            row(13 * MINUTE, "Unknown", "", "Sign-in refused", Icon::Alert, "wrong key number 1"),
            row(5 * HOUR_MS, "Rapport itself", "", "Put a model in force", Icon::Layers, "churn 3f9a1c77d2e0"),
            row(5 * HOUR_MS, "Rapport itself", "", "Had a model trained", Icon::Layers, "churn"),
        ],
        older: Some("/audit?of=all&before=17".to_owned()),
        keep_days: 400,
    }
}
