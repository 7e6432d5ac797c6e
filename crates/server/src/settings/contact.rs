//! When are customers left alone, as the settings say it?

use super::{ContactSettings, Settings};
use decisions::{Action, Cap, ContactPolicy, names_of_conditions};

/// Caps as they stand in the settings.
pub(super) type Caps = Vec<Cap>;

impl Settings {
    /// When customers are left alone.
    #[must_use]
    pub fn contact_policy(&self) -> ContactPolicy {
        let ContactSettings {
            quiet_hours,
            quiet_channels,
            consent_channels,
            caps,
            refused_days,
            refused_group_days,
            accepted_days,
            fatigue,
            no_upsell,
        } = self.contact.clone();
        ContactPolicy {
            quiet_hours,
            quiet_channels,
            consent_channels,
            caps,
            refused_days,
            refused_group_days,
            accepted_days,
            fatigue,
            no_upsell,
            timezone: self.company.timezone.clone(),
        }
    }

    /// Checks when customers are left alone: (key, limit, value) of the first thing that is wrong.
    pub(super) fn broken_contact(&self) -> Option<(&'static str, String, String)> {
        // What is wrong with declared features is said elsewhere.
        let catalogue = learning::catalogue(&self.features, &self.outcomes).ok()?;
        let outcomes = [&learning::built_in_outcomes()[..], &self.outcomes].concat();
        let features = catalogue.definitions().iter().map(|definition| definition.name.to_string()).collect();
        let names = names_of_conditions(&outcomes, &features, &self.segments);
        let offers = self.offers.iter().map(|offer| offer.0.clone());
        let all: Vec<Action> = self.actions.iter().cloned().chain(offers).collect();
        self.contact_policy().broken(&names, &all)
    }
}
