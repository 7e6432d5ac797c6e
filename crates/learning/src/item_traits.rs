//! What is an item, as far as models learn from it? Words, groups and a price, out of what the catalogue and events say.

use features::Item;
use models::recommend::ItemTraits;
use primitives::stable_hash;
use serde_json::Value;

/// So many words of an item are looked at, and so many groups that it belongs to.
const N_WORDS_MAX: usize = 128;
const N_GROUPS_MAX: usize = 32;

/// A longer text, or one of more words, is read for its words; a shorter one names a group: a brand, an author, a colour.
const GROUP_BYTES_MAX: usize = 48;
const GROUP_WORDS_MAX: usize = 4;

/// Traits whose text says nothing of what an item is: where it is shown, and since when.
const SAY_NOTHING: [&str; 11] = [
    "url",
    "link",
    "image",
    "image_url",
    "picture",
    "thumbnail",
    "sku",
    "gtin",
    "timestamp",
    "created_at",
    "updated_at",
];

/// How the traits begin by which a simulated company says that it is one.
const SIMULATED: &str = "simulated";

/// What is known of an item.
pub(crate) fn traits_of(item: &Item) -> ItemTraits {
    let mut traits =
        ItemTraits { price: item.price.as_ref().map(|price| price.value.to_major()), ..ItemTraits::default() };
    if let Some(name) = &item.name {
        traits.words.extend(words(&name.value));
    }
    if let Some(category) = &item.category {
        let category = group("category", &category.value);
        traits.groups.push(category);
        traits.category = Some(category);
    }
    let says = |name: &str| !name.starts_with(SIMULATED) && !SAY_NOTHING.contains(&name.to_ascii_lowercase().as_str());
    for (name, value) in item.traits().filter(|(name, _)| says(name)) {
        let (name, n_before) = (singular(name), traits.groups.len());
        read(&mut traits, name, &value);
        if name == "category" {
            traits.category = traits.category.or_else(|| traits.groups.get(n_before).copied());
        }
    }
    traits.words.truncate(N_WORDS_MAX);
    traits.groups.sort_unstable();
    traits.groups.dedup();
    traits.groups.truncate(N_GROUPS_MAX);
    traits
}

/// Takes in a trait: a text, or several.
fn read(traits: &mut ItemTraits, name: &str, value: &Value) {
    match value {
        Value::String(text) if is_of_a_group(text) => traits.groups.push(group(name, text)),
        Value::String(text) => traits.words.extend(words(text)),
        Value::Bool(true) => traits.groups.push(group(name, "true")),
        Value::Array(values) => {
            values.iter().filter(|value| value.is_string()).for_each(|value| read(traits, name, value));
        }
        _ => {}
    }
}

fn is_of_a_group(text: &str) -> bool {
    let text = text.trim();
    text.len() <= GROUP_BYTES_MAX && (1..=GROUP_WORDS_MAX).contains(&text.split_whitespace().count())
}

/// `categories` holds several of what `category` holds one of.
fn singular(name: &str) -> &str {
    match name {
        "categories" => "category",
        "genres" => "genre",
        "brands" => "brand",
        "authors" => "author",
        "artists" => "artist",
        "tags" | "labels" | "label" => "tag",
        other => other,
    }
}

fn group(name: &str, value: &str) -> u64 {
    stable_hash(&format!("{name}={}", value.trim().to_lowercase()))
}

/// The words of a text, in small letters: of letters and digits, two at least.
fn words(text: &str) -> impl Iterator<Item = u64> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.chars().nth(1).is_some());
    words.map(|word| stable_hash(&word.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world::load;
    use events::{Call, Event, Fields, Offset, Origin, Reading, Recorded};
    use primitives::{ItemId, ItemKey, Timestamp};
    use serde_json::json;

    fn described(traits: Value) -> ItemTraits {
        let at = Timestamp::from_millis(0);
        let event = Event {
            message_id: "m".into(),
            user_id: None,
            anonymous_id: None,
            occurred_at: at,
            stated_at: None,
            received_at: at,
            call: Call::Item { item_id: "tea".into(), traits: traits.as_object().unwrap().clone().into() },
            context: Fields::new(),
            origin: Origin::Server,
            reading: Reading::default(),
        };
        let dataset = load(&[Recorded { offset: Offset(1), event }]);
        assert_eq!(dataset.items().count(), 1);
        dataset.item(ItemKey::from(&ItemId::from("tea"))).cloned().unwrap()
    }

    #[test]
    fn an_item_is_its_words_its_groups_and_its_price() {
        let found = described(json!({
            "name": "Green Tea, 100 g", "category": "Tea", "price": 4.5, "currency": "EUR", "brand": "Lang & Co",
            "categories": ["tea", "Drinks"], "tags": ["organic"], "fresh": true, "sold_out": false, "stock": 12,
            "description": "A green tea from the hills of the north, dried in the sun for three days.",
            "image_url": "https://shop.example/a.png", "simulated": {"label": "x"}, "sizes": [1, "small"]
        }));
        let mut groups: Vec<u64> =
            ["brand=lang & co", "category=tea", "category=drinks", "tag=organic", "fresh=true", "sizes=small"]
                .map(stable_hash)
                .into();
        groups.sort_unstable();
        assert_eq!((found.groups, found.price), (groups, Some(4.5)));
        assert_eq!(found.category, Some(stable_hash("category=tea")));
        let n_of = |word: &str| found.words.iter().filter(|known| **known == stable_hash(word)).count();
        assert_eq!([n_of("tea"), n_of("green"), n_of("sun"), n_of("100"), n_of("g"), n_of("png")], [2, 2, 1, 1, 0, 0]);
    }

    #[test]
    fn the_category_is_the_first_that_is_told() {
        for (told, category) in [
            (json!({"category": "Tea", "categories": ["Drinks"]}), Some("category=tea")),
            (json!({"brand": "Acme", "categories": ["Drinks", "Tea"]}), Some("category=drinks")),
            (json!({"brand": "Acme", "categories": []}), None),
        ] {
            let found = described(told.clone());
            assert_eq!(found.category, category.map(stable_hash), "{told}");
            assert!(found.category.is_none_or(|category| found.groups.contains(&category)));
        }
    }

    #[test]
    fn of_an_endless_item_only_so_much_is_looked_at() {
        let long = (0..300).map(|n| format!("word{n}")).collect::<Vec<_>>();
        let found = described(json!({"name": "Tea", "description": long.join(" "), "tags": long}));
        assert_eq!((found.words.len(), found.groups.len(), found.price), (N_WORDS_MAX, N_GROUPS_MAX, None));
        assert_eq!(found.words[0], stable_hash("tea"), "the name goes first");
        assert_eq!(described(json!({"tags": [" "], "note": ""})), ItemTraits::default());
        let edge = "x".repeat(GROUP_BYTES_MAX);
        let [short, long] = [edge.clone(), format!("{edge}x")].map(|text| described(json!({"maker": text})));
        assert_eq!((short.groups.len(), short.words.len(), long.groups.len(), long.words.len()), (1, 0, 0, 1));
        let [few, many] = ["a1 b1 c1 d1", "a1 b1 c1 d1 e1"].map(|text| described(json!({"maker": text})));
        assert_eq!((few.groups.len(), many.groups.len(), many.words.len()), (1, 0, 5));
    }
}
