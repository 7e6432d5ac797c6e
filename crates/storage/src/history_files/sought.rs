//! Which of the history's events mention certain names, or are of a certain kind? Found in the columns; only their records are opened.

use super::offsets::Offsets;
use super::parts::Round;
use super::read::{Content, RoundRows, Selected};
use crate::StorageError;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, StringArray};
use events::{CallKind, Event};
use profiles::Identifier;
use std::collections::HashSet;

/// What is looked for.
#[derive(Debug)]
pub(crate) struct Sought {
    names: HashSet<Identifier>,
    users: HashSet<String>,
    devices: HashSet<String>,
    /// Where it is not names: every event of this kind.
    kind: Option<CallKind>,
}

impl Sought {
    /// Every event of a kind.
    pub(crate) fn kind(kind: CallKind) -> Self {
        Self { kind: Some(kind), ..Self::naming(&[]) }
    }

    /// Every event that mentions one of these names.
    pub(crate) fn naming(names: &[Identifier]) -> Self {
        let texts = |of: fn(&Identifier) -> Option<&str>| names.iter().filter_map(of).map(str::to_owned).collect();
        Self {
            users: texts(|name| match name {
                Identifier::User(id) => Some(id.as_str()),
                Identifier::Anonymous(_) => None,
            }),
            devices: texts(|name| match name {
                Identifier::User(_) => None,
                Identifier::Anonymous(id) => Some(id.as_str()),
            }),
            names: names.iter().cloned().collect(),
            kind: None,
        }
    }

    /// Whether an event is looked for.
    pub(crate) fn has(&self, event: &Event) -> bool {
        match self.kind {
            Some(kind) => event.kind() == kind,
            None => Identifier::mentioned(event).any(|name| self.names.contains(&name)),
        }
    }

    /// Whether the columns say that it may be: of an `alias` and a separation some names stand in no column.
    fn may_have(&self, kind: &str, user: Option<&str>, device: Option<&str>) -> bool {
        match self.kind {
            Some(sought) => kind == sought.name(),
            None => {
                [CallKind::Alias, CallKind::Separate].iter().any(|naming| naming.name() == kind)
                    || user.is_some_and(|user| self.users.contains(user))
                    || device.is_some_and(|device| self.devices.contains(device))
            }
        }
    }
}

impl Round {
    /// The rows after an offset that may be looked for, in order: all that are, and a few others. Makes sure that no row is
    /// missing but what is known to be.
    pub(crate) fn seek(&self, sought: &Sought, after: u64, missing: &Offsets) -> Result<RoundRows, StorageError> {
        let (mut selected, mut found) = (Vec::new(), Vec::new());
        for part in &self.parts {
            let content = Content::of(part)?;
            let (mut rows, mut offsets, mut n_before) = (Vec::new(), Vec::new(), 0);
            for batch in content.batches(&["offset", "type", "user_id", "anonymous_id"])? {
                let places = batch.column(0).as_primitive::<Int64Type>();
                let [kinds, users, devices] = [1, 2, 3].map(|column| batch.column(column).as_string::<i32>());
                for row in 0..batch.num_rows() {
                    let offset = crate::numbers::unsigned(places.value(row));
                    let may_have = sought.may_have(kinds.value(row), text_at(users, row), text_at(devices, row));
                    found.extend((offset > after).then_some((offset, offset)));
                    if offset > after && may_have {
                        rows.push(n_before + row);
                        offsets.push(offset);
                    }
                }
                n_before += batch.num_rows();
            }
            if !rows.is_empty() {
                selected.push(Selected { content, rows: Some(rows), offsets });
            }
        }
        self.check_complete(Offsets::of(found).n(), after, missing)?;
        Ok(RoundRows::in_order(selected, after))
    }
}

fn text_at(column: &StringArray, row: usize) -> Option<&str> {
    (!column.is_null(row)).then(|| column.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::generator::Tangle;
    use events::{Call, Fields};
    use primitives::{AnonymousId, Seed, UserId};

    /// The columns let nobody pass unseen who is looked for, and let through few who are not.
    #[test]
    fn whoever_is_looked_for_stands_in_the_columns_or_is_named_elsewhere() {
        let (user, device) = (Identifier::User("u1".into()), Identifier::Anonymous("d0".into()));
        let tangle = Tangle { n_events: 500, n_users: 3, n_devices: 3, n_hours: 9 };
        let mut events = tangle.events(Seed::new(1));
        let apart = |one: &Identifier| Event {
            call: Call::Separate { names: [one.key(), "u:x".to_owned()], reason: String::new() },
            user_id: None,
            anonymous_id: None,
            context: Fields::new(),
            ..events[0].clone()
        };
        events.extend([apart(&user), apart(&Identifier::User("y".into()))]);
        for names in [vec![user.clone()], vec![device.clone()], vec![user, device], Vec::new()] {
            let sought = Sought::naming(&names);
            for event in &events {
                let (kind, user) = (event.kind().name(), event.user_id.as_ref().map(UserId::as_str));
                let device = event.anonymous_id.as_ref().map(AnonymousId::as_str);
                let is_named = Identifier::mentioned(event).any(|name| names.contains(&name));
                assert_eq!(sought.has(event), is_named);
                let names_elsewhere = matches!(event.call, Call::Alias { .. } | Call::Separate { .. });
                assert_eq!(sought.may_have(kind, user, device), is_named || names_elsewhere, "{event:?}");
            }
        }
        let sought = Sought::kind(CallKind::Alias);
        for event in &events {
            let is_alias = event.kind() == CallKind::Alias;
            assert_eq!(
                (sought.has(event), sought.may_have(event.kind().name(), Some("u1"), None)),
                (is_alias, is_alias)
            );
        }
    }
}
