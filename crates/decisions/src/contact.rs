//! When is a customer left alone? What the settings say of how often, when and after what somebody is contacted.

use crate::action::CHANNELS;
use crate::condition;
use crate::filter::Names;
use primitives::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// More contacts than any limit allows, and the longest time that one looks back.
const N_MAX: u32 = 50;
const DAYS_MAX: i64 = 366;
/// A day has so many minutes.
const DAY_MIN: i64 = 24 * 60;
/// For so many days contacts tire.
pub(crate) const FATIGUE_DAYS: i64 = 7;
/// The trait that says in which time zone somebody lives.
pub(crate) const TIMEZONE: &str = "timezone";

/// When customers are left alone. Nothing of it holds where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactPolicy {
    /// From when until when they are, by their own clocks: `21:00-08:00`; never where it is empty.
    pub quiet_hours: String,
    /// Where that holds.
    pub quiet_channels: Vec<String>,
    /// Where nobody is contacted who does not permit marketing.
    pub consent_channels: Vec<String>,
    /// How often, at most.
    pub caps: Vec<Cap>,
    /// For how many days an action that was refused is not done again; 0 for none.
    pub refused_days: i64,
    /// For how many days the others of its group are not.
    pub refused_group_days: i64,
    /// For how many days an action that was accepted is not done again; 0 for none.
    pub accepted_days: i64,
    /// Which share of its worth an action loses with each contact of the last seven days.
    pub fatigue: f64,
    /// Of whom this holds, nothing more is sold to; nobody where it is empty.
    pub no_upsell: String,
    /// The company's time zone: that of customers of whom none is known.
    pub timezone: Zone,
}

/// So many contacts are the most within so many days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Of what they are counted.
    pub per: Per,
    /// Which channel, action or group; of each by itself where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How many.
    pub n: u32,
    /// Within how many days.
    pub days: i64,
}

/// Of what contacts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Per {
    /// All of a customer.
    Customer,
    /// Those over one channel.
    Channel,
    /// Those with one action.
    Action,
    /// Those with actions of one group.
    Group,
}

impl Per {
    fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Channel => "channel",
            Self::Action => "action",
            Self::Group => "group",
        }
    }
}

impl TryFrom<String> for Per {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        const ALL: [Per; 4] = [Per::Customer, Per::Channel, Per::Action, Per::Group];
        ALL.into_iter().find(|per| per.name() == name).ok_or_else(|| {
            let known = ALL.map(Self::name);
            let meant = primitives::nearest(&name, known).map(|name| format!("; did you mean \"{name}\"?"));
            format!("per is \"{name}\": write one of {}{}", known.join(", "), meant.unwrap_or_default())
        })
    }
}

impl Cap {
    /// What it is called among the rules that leave an action out: `cap:customer:7d`, `cap:channel:email:7d`.
    pub(crate) fn rule(&self) -> String {
        let of = self.of.as_deref().map(|of| format!(":{of}")).unwrap_or_default();
        format!("cap:{}{of}:{}d", self.per.name(), self.days)
    }
}

impl ContactPolicy {
    /// Whether nothing is said, so that nobody is left alone.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let Self {
            quiet_hours,
            quiet_channels: _,
            consent_channels,
            caps,
            refused_days,
            refused_group_days,
            accepted_days,
            fatigue,
            no_upsell,
            timezone: _,
        } = self;
        let days = [refused_days, refused_group_days, accepted_days];
        let says_nothing = quiet_hours.is_empty() && no_upsell.is_empty() && consent_channels.is_empty();
        says_nothing && caps.is_empty() && days.into_iter().all(|days| *days == 0) && fatigue.abs() <= 0.0
    }

    /// How many days it looks back at what was answered; 0 where it does not.
    pub(crate) fn days_counted(&self) -> i64 {
        let tire = if self.fatigue > 0.0 { FATIGUE_DAYS } else { 0 };
        self.caps.iter().map(|cap| cap.days).fold(tire, i64::max)
    }

    /// How many days it looks back at all.
    pub(crate) fn days_back(&self) -> i64 {
        [self.days_counted(), self.refused_days, self.refused_group_days, self.accepted_days]
            .into_iter()
            .fold(0, i64::max)
    }

    /// Whether customers are left alone at a moment, in a time zone.
    pub(crate) fn is_quiet(&self, at: Timestamp, zone: &Zone) -> bool {
        let Some((from, until)) = hours(&self.quiet_hours) else { return false };
        let minute = (at.as_millis() + zone.ahead_ms(at)).div_euclid(60_000).rem_euclid(DAY_MIN);
        if from <= until { from <= minute && minute < until } else { minute >= from || minute < until }
    }

    /// The first thing that is wrong: its key, what to write, and what stands there. `names` are those that conditions may use,
    /// `actions` and `groups` those that are declared.
    #[must_use]
    pub fn broken(&self, names: &Names, actions: &[crate::Action]) -> Option<(&'static str, String, String)> {
        if !self.quiet_hours.is_empty() && hours(&self.quiet_hours).is_none() {
            let remedy =
                "must be from when until when by the clock, such as \"21:00-08:00\" and not the whole day, or empty"
                    .to_owned();
            return Some(("contact.quiet_hours", remedy, self.quiet_hours.clone()));
        }
        let named = |key, listed: &[String]| {
            let unknown = listed.iter().find(|name| !CHANNELS.contains(&name.as_str()))?;
            Some((key, format!("must name some of {}", CHANNELS.join(", ")), unknown.clone()))
        };
        let days = [
            ("contact.refused_days", self.refused_days),
            ("contact.refused_group_days", self.refused_group_days),
            ("contact.accepted_days", self.accepted_days),
        ];
        let days = days.into_iter().find(|(_, days)| !(0..=3_650).contains(days));
        named("contact.quiet_channels", &self.quiet_channels)
            .or_else(|| named("contact.consent_channels", &self.consent_channels))
            .or_else(|| days.map(|(key, days)| (key, "must be 0 to 3650".to_owned(), days.to_string())))
            .or_else(|| {
                let is_share = (0.0..1.0).contains(&self.fatigue);
                let remedy = "must be 0 to below 1".to_owned();
                (!is_share).then(|| ("contact.fatigue", remedy, self.fatigue.to_string()))
            })
            .or_else(|| self.caps.iter().find_map(|cap| broken_cap(cap, actions)))
            .or_else(|| {
                let why = condition::check(&self.no_upsell, names).err().filter(|_| !self.no_upsell.is_empty())?;
                Some(("contact.no_upsell", format!("must be a condition on customers ({why})"), self.no_upsell.clone()))
            })
    }
}

impl ContactPolicy {
    /// Which of the caps is the first that is wrong.
    #[must_use]
    pub fn broken_cap(&self, actions: &[crate::Action]) -> Option<usize> {
        self.caps.iter().position(|cap| broken_cap(cap, actions).is_some())
    }
}

fn broken_cap(cap: &Cap, actions: &[crate::Action]) -> Option<(&'static str, String, String)> {
    let wrong = |remedy: String, found: String| Some(("contact.caps", remedy, found));
    if !(1..=N_MAX).contains(&cap.n) {
        let remedy = format!("must have an n of 1 to {N_MAX}: an action that is never to be done has the weight 0");
        return wrong(remedy, cap.n.to_string());
    }
    if !(1..=DAYS_MAX).contains(&cap.days) {
        return wrong(format!("must have days of 1 to {DAYS_MAX}"), cap.days.to_string());
    }
    let of = cap.of.as_deref()?;
    let known: Vec<&str> = match cap.per {
        Per::Customer => Vec::new(),
        Per::Channel => CHANNELS.to_vec(),
        Per::Action => actions.iter().map(|action| action.name.as_str()).collect(),
        Per::Group => actions.iter().map(|action| action.group.as_str()).collect(),
    };
    if known.contains(&of) {
        return None;
    }
    let meant = primitives::nearest(of, known.iter().copied());
    let meant = meant.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
    let remedy = match cap.per {
        Per::Customer => "must have no `of` where it is per customer".to_owned(),
        per => format!("must have an `of` that is a known {}{meant}", per.name()),
    };
    wrong(remedy, format!("\"{of}\""))
}

/// The minutes of a day from which and until which it is quiet.
fn hours(text: &str) -> Option<(i64, i64)> {
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
        ((0..=24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
    };
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minute(from)?, minute(until)?);
    // Who is never to be called gets no channel: hours of which none is left are a slip.
    let is_some = from != until && (from, until) != (0, DAY_MIN);
    (is_some && from <= DAY_MIN && until <= DAY_MIN).then_some((from, until))
}
