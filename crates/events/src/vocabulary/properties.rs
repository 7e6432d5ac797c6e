//! Which properties do events of the channels have, under which keys, and what may stand there?

/// What may stand in a property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// What identifies something.
    Id,
    /// Text of any kind.
    Text,
    /// One of several words.
    Word(&'static [&'static [&'static str]]),
    /// How often: a whole number that is not negative.
    Count,
    /// A place in a list, the first being 1.
    Position,
    /// Any number below [`NUMBER_MAX`].
    Number,
    /// How far: a number that is not negative.
    Length,
    /// How long, up to [`SECONDS_MAX`].
    Seconds,
    /// A part of the whole: 0 to 1.
    Share,
    /// An amount of money that is not negative, in the event's `currency`.
    Amount,
    /// What was gained, in the event's `currency`: below 0 where it was a loss.
    Gain,
    /// The three letters of a currency.
    Currency,
    /// A time.
    Moment,
}

/// Whether an event needs a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Without it the event says nothing: it is refused.
    Required,
    /// Without it the event says less than it should: it is marked.
    Expected,
    /// It may be left out.
    Optional,
}

/// A property.
#[derive(Debug)]
pub(crate) struct Property {
    /// Under which keys it is looked for. The first that holds anything counts.
    pub(crate) keys: &'static [&'static str],
    pub(crate) kind: Kind,
    /// What it says.
    pub(crate) meaning: &'static str,
}

/// Numbers are smaller than this: sums of millionths stay exact.
pub(crate) const NUMBER_MAX: f64 = 9e12;
/// Counts are not larger than this.
pub(crate) const COUNT_MAX: f64 = 1e9;
/// Nothing that is measured in seconds takes longer: 31 days.
pub(crate) const SECONDS_MAX: f64 = 2_678_400.0;

macro_rules! properties {
    ($($name:ident = [$($key:literal),+] $kind:expr, $meaning:literal;)+) => {
        $(pub(crate) static $name: Property = Property { keys: &[$($key),+], kind: $kind, meaning: $meaning };)+
    };
}

/// The words for how much a ticket presses, in the order of [`crate::Priority`].
const PRIORITIES: &[&[&str]] = &[&["low", "minor"], &["normal", "medium"], &["high", "major"], &["urgent", "critical"]];
/// The words for how often is paid, in the order of [`crate::Interval`].
const INTERVALS: &[&[&str]] = &[
    &["day", "daily"],
    &["week", "weekly"],
    &["month", "monthly"],
    &["quarter", "quarterly"],
    &["year", "yearly", "annual", "annually"],
];

properties! {
    CONTENT_ID = [
        "content_id", "contentId", "asset_id", "assetId", "content_asset_id", "contentAssetId", "video_id", "videoId",
        "movie_id", "movieId", "episode_id", "episodeId", "track_id", "trackId", "song_id", "songId", "article_id",
        "articleId", "post_id", "postId", "book_id", "bookId", "item_id", "itemId", "product_id", "productId", "sku", "id"
    ] Kind::Id, "which item of the catalogue";
    CONTENT_TITLE = ["title", "name", "content_title", "contentTitle", "content_name", "contentName"] Kind::Text,
        "what it is called";
    CONTENT_CATEGORY = ["category", "genre", "section", "content_category", "contentCategory"] Kind::Text,
        "what kind of thing it is";
    RATING = ["rating", "stars", "score", "value"] Kind::Number,
        "what they gave: from three quarters of the scale on, they liked it";
    RATING_MAX = ["scale", "scale_max", "scaleMax"] Kind::Number, "the highest there is: 5 where nothing is said";
    RATING_MIN = ["scale_min", "scaleMin"] Kind::Number, "the lowest there is: 1 where nothing is said";
    QUERY = ["query", "search_term", "searchTerm", "search_query", "searchQuery"] Kind::Text, "what was looked for";
    N_RESULTS = ["results", "n_results", "nResults", "results_count", "resultsCount"] Kind::Count,
        "how much was found; 0 counts as a search without a result";
    POSITION = ["position", "clicked_position", "clickedPosition"] Kind::Position,
        "at which place stood what was clicked on, the first being 1";
    SESSION_ID = ["session_id", "sessionId", "ga_session_id"] Kind::Id, "which session";
    SECONDS = ["seconds", "duration", "duration_seconds", "durationSeconds"] Kind::Seconds, "how long it took";
    VISIBLE_SECONDS = ["seconds_visible", "secondsVisible"] Kind::Seconds, "how long the page could be seen";
    IDLE_SECONDS = ["idle_seconds", "idleSeconds"] Kind::Seconds, "how long nothing moved";
    SCROLL_SHARE = ["scroll_share", "scrollShare"] Kind::Share, "how much of the page was scrolled to";
    POINTER_MOVES = ["pointer_moves", "pointerMoves"] Kind::Count, "how often the pointer moved";
    POINTER_DISTANCE = ["pointer_distance", "pointerDistance"] Kind::Length, "how far it moved, in pixels";
    CLICKS = ["clicks"] Kind::Count, "clicks";
    RAGE_CLICKS = ["rage_clicks", "rageClicks"] Kind::Count, "bursts of clicks at one place";
    DEAD_CLICKS = ["dead_clicks", "deadClicks"] Kind::Count, "clicks that did nothing";
    KEYS = ["keys"] Kind::Count, "times that something was typed, those included that took something back; never what";
    CORRECTIONS = ["corrections"] Kind::Count, "how many of `keys` took back what was there";
    FORM_FIELDS_LEFT = ["form_fields_left", "formFieldsLeft"] Kind::Count,
        "fields that were begun, in forms that were not sent";
    EMAIL_ID = ["email_id", "emailId"] Kind::Id, "which e-mail";
    CAMPAIGN = ["campaign_id", "campaignId", "campaign_name", "campaignName"] Kind::Id, "of which campaign";
    EMAIL_SUBJECT = ["email_subject", "emailSubject", "subject"] Kind::Text, "what it is about";
    LINK = ["link_url", "linkUrl", "link_id", "linkId"] Kind::Text, "the link that was followed";
    TICKET_ID = ["ticket_id", "ticketId", "conversation_id", "conversationId"] Kind::Id, "which ticket";
    CHANNEL = ["channel"] Kind::Text, "by which way it came: `email`, `phone`, `chat`";
    SUBJECT = ["subject", "title"] Kind::Text, "what it is about";
    PRIORITY = ["priority"] Kind::Word(PRIORITIES), "how much it presses";
    ASSIGNEE = ["assignee", "agent", "agent_id", "agentId"] Kind::Text, "who takes care of it";
    TEXT = ["text", "body", "message"] Kind::Text, "what it says";
    CALL_ID = ["call_id", "callId"] Kind::Id, "which call";
    WAITED_SECONDS = ["waited_seconds", "waitedSeconds", "wait_seconds", "waitSeconds"] Kind::Seconds,
        "how long they waited for somebody";
    STARTED_AT = ["started_at", "startedAt"] Kind::Moment, "when it began; with `ended_at` it says how long it took";
    ENDED_AT = ["ended_at", "endedAt"] Kind::Moment, "when it ended, not before it began";
    SCORE = ["score", "rating"] Kind::Number, "what they gave, within the scale";
    SCALE_MAX = ["scale", "scale_max", "scaleMax"] Kind::Number,
        "the highest there is: 5 for `CSAT Submitted` and 7 for `CES Submitted` where nothing is said";
    SCALE_MIN = ["scale_min", "scaleMin"] Kind::Number, "the lowest there is: 1 where nothing is said";
    COMMENT = ["comment", "text", "feedback"] Kind::Text, "what they said besides";
    PAYMENT_ID = ["payment_id", "paymentId", "transaction_id", "transactionId"] Kind::Id, "which payment";
    AMOUNT = ["amount", "total"] Kind::Amount, "how much";
    CURRENCY = ["currency"] Kind::Currency, "of the amount";
    METHOD = ["method", "payment_method", "paymentMethod"] Kind::Text, "by `card`, by `invoice`, …";
    REASON = ["reason"] Kind::Text, "why";
    ORDER_ID = ["order_id", "orderId"] Kind::Id, "for which order";
    SUBSCRIPTION_ID = ["subscription_id", "subscriptionId"] Kind::Id, "which subscription";
    PLAN = ["plan", "plan_id", "planId", "plan_name", "planName"] Kind::Text, "to what";
    RECURRING = ["amount", "recurring_amount", "recurringAmount", "price"] Kind::Amount, "what is paid each time";
    INTERVAL = ["interval", "billing_interval", "billingInterval"] Kind::Word(INTERVALS),
        "how often it is paid: a month where nothing ever was said of it";
    RENEWS_AT = ["renews_at", "renewsAt"] Kind::Moment, "when it is paid the next time";
    METRIC = ["metric"] Kind::Id, "what was measured, such as `gigabytes` or `logins`";
    VALUE = ["value"] Kind::Number, "how much it was";
    UNIT = ["unit"] Kind::Text, "in which unit; numbers of different units are never added up";
    DEVICE = ["device", "device_id", "deviceId"] Kind::Id, "on which device";
    CODE = ["code", "reason", "error"] Kind::Text, "which fault";
    STORE = ["store_id", "storeId", "store"] Kind::Id, "which shop";
    LOYALTY = ["loyalty_id", "loyaltyId"] Kind::Id, "by which card of the loyalty programme they were known";
    DECISION_ID = ["decision_id", "decisionId"] Kind::Id, "the `decisionId` of the answer";
    ACTION = ["action", "action_id", "actionId"] Kind::Id, "which of the actions that it answered; the first where nothing is said";
    EARNED = ["value"] Kind::Gain, "what it was worth, such as the margin that came of it; below 0 where it was a loss";
    MET_BY = ["channel"] Kind::Text, "where it met them: `web`, `email`, `call`, …";
    ITEM = ["item_id", "itemId", "product_id", "productId"] Kind::Id, "which item of it";
}
