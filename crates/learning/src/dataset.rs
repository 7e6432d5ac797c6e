//! Whom may we learn from? The whole history, customer by customer, of those who permit it.

use crate::item_traits::traits_of;
use crate::{Calendar, LearningError, RoundLog, SearchLog, Wanted};
use events::{Offset, Place, Pointer};
use features::{Cells, History, Items, Trace, TraceReads, Watch};
use governance::{ConsentPolicy, Permitted, Purpose, permit};
use models::recommend::ItemTraits;
use primitives::{CustomerId, ItemKey, Timestamp, nearest};
use profiles::{Customer, Identifier, MemoryProfileStore, Profiles};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

/// At most so many different names of events are remembered.
const N_TITLES_MAX: usize = 1_000;

/// At most so many different places of values are remembered.
const N_PLACES_MAX: usize = 1_000;

/// How many events are read between two words about the progress.
const N_EVENTS_STEP: u64 = 10_000;

const BEFORE_ALL: Timestamp = Timestamp::from_millis(i64::MIN);

/// Everything that ever happened to the customers who permit learning from it. Only [`Dataset::load`] makes one.
///
/// Identity is that of now: two names that turned out to be one person are one customer in the past as well.
#[derive(Debug)]
pub struct Dataset {
    customers: Vec<Permitted<Customer<Trace>>>,
    n_events: u64,
    n_left_out: u64,
    read_until: Offset,
    span: Option<(Timestamp, Timestamp)>,
    reads: TraceReads,
    titles: BTreeSet<String>,
    places: BTreeSet<String>,
    items: BTreeMap<ItemKey, ItemTraits>,
    searches: SearchLog,
    rounds: RoundLog,
    occasions: RoundLog,
    wanted: OnceLock<Wanted>,
}

impl Dataset {
    /// Replays the whole history and keeps the customers who permit [`Purpose::Analytics`], by their latest word or by
    /// the policy for those who have said nothing. Besides purchases, events that `reads` watches for can be counted
    /// afterwards. `progress` is told how many events were read.
    ///
    /// # Errors
    /// [`LearningError::History`] or [`LearningError::Profiles`] where the history cannot be read.
    pub fn load(
        history: &dyn History,
        policy: &ConsentPolicy,
        reads: TraceReads,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, LearningError> {
        let (mut n_events, mut read_until) = (0_u64, Offset::default());
        let (mut titles, mut places) = (BTreeSet::new(), BTreeSet::new());
        let taking: BTreeSet<&str> =
            reads.watches().iter().filter(|watch| watch.take.is_some()).map(|watch| &*watch.filter.event).collect();
        let (shared, separations) = (Arc::new(reads.clone()), history.separations()?);
        let (mut everybody, mut items) = (Vec::new(), BTreeMap::new());
        // A customer is in one partition: whoever is folded in one is met in no other.
        for partition in history.partitions() {
            let store = Arc::new(MemoryProfileStore::default());
            let mut profiles: Profiles<Trace> = Profiles::open_reading(store, shared.clone())?;
            profiles.know(separations.clone());
            let mut catalogue = Items::open(&MemoryProfileStore::default(), policy)?;
            let mut failed = None;
            history.replay(Place::before(partition), &mut |recorded| {
                n_events += 1;
                read_until = read_until.max(recorded.offset);
                if n_events.is_multiple_of(N_EVENTS_STEP) {
                    progress(n_events);
                }
                let title = recorded.event.title();
                if titles.len() < N_TITLES_MAX && !titles.contains(title) {
                    titles.insert(title.to_owned());
                }
                if places.len() < N_PLACES_MAX && taking.contains(title) {
                    places.extend(Pointer::all(&recorded.event));
                }
                catalogue.apply(&recorded);
                failed = profiles.apply(&recorded).err();
                failed.is_none()
            })?;
            if let Some(error) = failed {
                return Err(error.into());
            }
            everybody.extend(profiles.into_resident());
            items.extend(catalogue.iter().map(|(key, item)| (*key, traits_of(item))));
        }
        progress(n_events);
        everybody.sort_by(|a, b| a.profile.id.cmp(&b.profile.id));
        let n_customers = everybody.len();
        let permitted = everybody.into_iter().filter_map(|customer| {
            let consents = customer.profile.consents.clone();
            permit(policy, &consents, Purpose::Analytics, customer).ok()
        });
        let customers: Vec<_> = permitted.collect();
        let spans = || customers.iter().filter_map(|customer| customer.get().state.span());
        let span = spans().map(|(first, _)| first).min().zip(spans().map(|(_, last)| last).max());
        Ok(Self {
            n_left_out: (n_customers - customers.len()) as u64,
            customers,
            n_events,
            read_until,
            span,
            reads,
            titles,
            places,
            items,
            searches: SearchLog::default(),
            rounds: RoundLog::default(),
            occasions: RoundLog::default(),
            wanted: OnceLock::new(),
        })
    }

    /// The customers, sorted by their id.
    #[must_use]
    pub fn customers(&self) -> &[Permitted<Customer<Trace>>] {
        &self.customers
    }

    /// When the first and the last thing happened to them.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    /// How many events were read, those of customers who are left out included.
    #[must_use]
    pub fn n_events(&self) -> u64 {
        self.n_events
    }

    /// The last event that was read.
    #[must_use]
    pub fn read_until(&self) -> Offset {
        self.read_until
    }

    /// How many customers there are to learn from.
    #[must_use]
    pub fn n_customers(&self) -> usize {
        self.customers.len()
    }

    /// How many customers do not permit it.
    #[must_use]
    pub fn n_left_out(&self) -> u64 {
        self.n_left_out
    }

    /// What searches showed to them, sorted by customer and time.
    pub(crate) fn searches(&self) -> &SearchLog {
        &self.searches
    }

    /// With what searches showed to customers who permit to be learned from: nothing is kept of the others, nor of searches that
    /// do not say every number of every item.
    #[must_use]
    pub fn with_searches(self, mut log: SearchLog) -> Self {
        let of_whom = self.places_of(log.searches.iter().map(|search| &search.customer));
        let n_numbers = log.numbers.len();
        log.searches.retain_mut(|search| {
            let Some(place) = of_whom.get(&search.customer) else { return false };
            search.customer = self.customers[*place].get().profile.id.clone();
            search.numbers.len() == search.items.len() * n_numbers
                && search.numbers.iter().all(|value| value.is_finite())
        });
        // Customers are sorted by their ids, and so whoever looks up one finds the searches of one after the other.
        log.searches.sort_by(|a, b| (&a.customer, a.at, a.words).cmp(&(&b.customer, b.at, b.words)));
        Self { searches: log, ..self }
    }

    /// What actions were chosen for whom, in the order of time.
    pub(crate) fn rounds(&self) -> &RoundLog {
        &self.rounds
    }

    /// What was chosen among actions that came with questions, in the order of time.
    pub(crate) fn occasions(&self) -> &RoundLog {
        &self.occasions
    }

    /// With what was chosen among actions that came with questions: whoever read them has asked whom of the customers that permits.
    #[must_use]
    pub fn with_occasions(self, log: RoundLog) -> Self {
        Self { occasions: log.in_order(), ..self }
    }

    /// With what actions were chosen for customers who permit to be learned from: whoever read them has asked.
    #[must_use]
    pub fn with_rounds(self, log: RoundLog) -> Self {
        Self { rounds: log.settled(), ..self }
    }

    /// Nothing but what actions were chosen: for what is learned from that alone, and again and again. What was read ends with an
    /// event.
    #[must_use]
    pub fn of_rounds(log: RoundLog, read_until: Offset) -> Self {
        let nothing = Self {
            customers: Vec::new(),
            n_events: 0,
            n_left_out: 0,
            read_until,
            span: None,
            reads: TraceReads::default(),
            titles: BTreeSet::new(),
            places: BTreeSet::new(),
            items: BTreeMap::new(),
            searches: SearchLog::default(),
            rounds: RoundLog::default(),
            occasions: RoundLog::default(),
            wanted: OnceLock::new(),
        };
        nothing.with_rounds(log)
    }

    /// Where those among the customers stand who are meant by these ids, also by one of before they turned out to be one.
    pub(crate) fn places_of<'a>(&self, ids: impl Iterator<Item = &'a CustomerId>) -> HashMap<CustomerId, usize> {
        let meant: BTreeSet<&CustomerId> = ids.collect();
        let mut places = HashMap::new();
        if meant.is_empty() {
            return places;
        }
        for (place, customer) in self.customers.iter().enumerate() {
            let profile = &customer.get().profile;
            let names = profile.links.keys().map(Identifier::customer_id).chain([profile.id.clone()]);
            places.extend(names.filter(|id| meant.contains(id)).map(|id| (id, place)));
        }
        places
    }

    /// Whose traces they are, and the traces.
    pub(crate) fn traces(&self) -> impl ExactSizeIterator<Item = (&CustomerId, &Trace)> {
        self.customers.iter().map(|customer| (&customer.get().profile.id, &customer.get().state))
    }

    /// On which days orders came in as usual, as far as is known at a moment; `None` where there are none.
    #[must_use]
    pub fn calendar(&self, now: Timestamp) -> Option<Calendar> {
        let orders = self.traces().flat_map(|(_, trace)| trace.orders_between(BEFORE_ALL, now));
        Calendar::of(orders.map(|order| order.at), now)
    }

    /// What is known of an item; `None` where nothing ever named it.
    #[must_use]
    pub fn item(&self, key: ItemKey) -> Option<&ItemTraits> {
        self.items.get(&key)
    }

    /// Every item that the catalogue or an event ever named, whoever had it, in the order of their keys, with what is known of it
    /// today: descriptions have no past.
    pub fn items(&self) -> impl ExactSizeIterator<Item = (ItemKey, &ItemTraits)> {
        self.items.iter().map(|(key, traits)| (*key, traits))
    }

    /// What recommendations are to foretell, from everything that there is.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        *self.wanted.get_or_init(|| Wanted::of(self.traces().map(|(_, trace)| trace), Timestamp::MAX))
    }

    /// On which days what recommendations foretell came in as usual, as far as is known at a moment; `None` where nothing did.
    #[must_use]
    pub fn wanted_calendar(&self, now: Timestamp) -> Option<Calendar> {
        let ways = self.wanted().ways();
        if ways == Wanted::Bought.ways() {
            return self.calendar(now);
        }
        Calendar::of(self.traces().flat_map(|(_, trace)| trace.touched_until(now, ways)).map(|touched| touched.at), now)
    }

    /// On which days anything came in as usual, as far as is known at a moment; `None` where nothing did.
    #[must_use]
    pub fn any_calendar(&self, now: Timestamp) -> Option<Calendar> {
        Calendar::of(self.traces().flat_map(|(_, trace)| trace.seen()), now)
    }

    /// Where events have values of which a watch takes one, as far as was remembered.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(String::as_str)
    }

    /// Why nothing was ever found of a watch, as far as is known now, and what to do; `None` where something was.
    pub(crate) fn missing(&self, watch: &Watch, now: Timestamp) -> Option<String> {
        let place = self.place_of(watch)?;
        if self.traces().any(|(_, trace)| trace.matches(place).any(|found| found.received_at <= now)) {
            return None;
        }
        let wanted = &*watch.filter.event;
        Some(match nearest(wanted, self.titles.iter().map(String::as_str)) {
            Some(known) if known == wanted => {
                "such events came in, and none with these values: check what must be equal".to_owned()
            }
            Some(known) => format!("no such event came in: did you mean \"{known}\"?"),
            None => "no such event came in: send it, or check its name on the page of events".to_owned(),
        })
    }

    /// What was kept of each customer, for whoever reads it from their state.
    pub(crate) fn cells(&self) -> &Cells {
        self.reads.cells()
    }

    /// Where the matches of a watch stand in a trace; `None` where nobody watched for it: see [`crate::Task::watches`].
    pub(crate) fn place_of(&self, watch: &Watch) -> Option<usize> {
        self.reads.watches().iter().position(|watched| watched == watch)
    }
}
