//! What are the company's things called?

use super::Thing;

/// When in the year a department sells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Season {
    None,
    /// Most at this part of the year, by so much more than on average.
    Peak {
        at: f64,
        swing: f64,
    },
    /// The warmer, the more; the colder where it is negative.
    Warm(f64),
    /// When presents are looked for.
    Gifts(f64),
}

/// A department of the shop.
#[derive(Debug)]
pub(crate) struct Department {
    pub(crate) name: &'static str,
    /// The typical price in major units.
    pub(crate) price: f64,
    /// After how many days it is used up.
    pub(crate) lasts_days: Option<f64>,
    pub(crate) season: Season,
    /// The department of what is bought along.
    pub(crate) goes_with: usize,
    /// How often somebody cares for it, beside other departments.
    pub(crate) weight: f64,
    nouns: [&'static str; 6],
    kinds: [&'static str; 6],
}

pub(crate) const N_DEPARTMENTS: usize = 16;

const fn department(
    name: &'static str,
    (price, lasts_days, season): (f64, Option<f64>, Season),
    (goes_with, weight): (usize, f64),
    nouns: [&'static str; 6],
    kinds: [&'static str; 6],
) -> Department {
    Department { name, price, lasts_days, season, goes_with, weight, nouns, kinds }
}

/// All departments.
#[rustfmt::skip]
pub(crate) const DEPARTMENTS: [Department; N_DEPARTMENTS] = [
    department("Coffee", (9.0, Some(19.0), Season::Warm(-0.12)), (5, 2.6),
        ["Espresso beans", "Filter coffee", "House blend", "Single origin beans", "Decaf beans", "Coffee capsules"],
        ["Dark roast", "Light roast", "Highland", "Organic", "Breakfast", "Bold"]),
    department("Tea", (7.0, Some(34.0), Season::Warm(-0.3)), (2, 1.3),
        ["Green tea", "Black tea", "Rooibos", "Chai mix", "Herbal infusion", "Matcha"],
        ["Loose leaf", "Bagged", "First flush", "Organic", "Evening", "Ginger"]),
    department("Biscuits & chocolate", (5.0, Some(12.0), Season::Gifts(1.1)), (0, 1.9),
        ["Shortbread", "Dark chocolate", "Almond biscuits", "Truffles", "Wafers", "Fudge"],
        ["Sea salt", "Orange", "Hazelnut", "Classic", "Vegan", "Cinnamon"]),
    department("Pantry", (6.0, Some(16.0), Season::None), (2, 1.6),
        ["Olive oil", "Granola", "Acacia honey", "Tomato sauce", "Risotto rice", "Mustard"],
        ["Cold pressed", "Crunchy", "Organic", "Spicy", "Family size", "Small batch"]),
    department("Cleaning", (8.0, Some(41.0), Season::Peak { at: 0.24, swing: 0.25 }), (6, 1.2),
        ["Dish soap", "Laundry liquid", "Surface cleaner", "Dishwasher tabs", "Glass cleaner", "Fabric softener"],
        ["Lemon", "Unscented", "Concentrated", "Lavender", "Refill", "Sensitive"]),
    department("Coffee care", (12.0, Some(58.0), Season::None), (0, 0.9),
        ["Descaler", "Water filters", "Cleaning tablets", "Milk cleaner", "Gasket set", "Grinder brush"],
        ["Original", "Twin pack", "Universal", "Fast acting", "Long life", "Starter"]),
    department("Bath", (11.0, Some(47.0), Season::Gifts(0.6)), (15, 1.1),
        ["Hand soap", "Bath salts", "Shampoo bar", "Body lotion", "Shower gel", "Hand cream"],
        ["Cedar", "Rose", "Citrus", "Oat", "Mint", "Fragrance-free"]),
    department("Baby", (15.0, Some(13.0), Season::None), (4, 0.5),
        ["Nappies", "Wet wipes", "Baby lotion", "Bibs", "Fruit pouches", "Muslin cloths"],
        ["Newborn", "Soft", "Overnight", "Bamboo", "Travel", "Mixed"]),
    department("Pets", (17.0, Some(26.0), Season::None), (4, 0.8),
        ["Cat food", "Dog food", "Cat litter", "Dog treats", "Chew toys", "Bird seed"],
        ["Salmon", "Chicken", "Grain-free", "Senior", "Crunchy", "Puppy"]),
    department("Candles", (18.0, Some(70.0), Season::Warm(-0.45)), (10, 0.8),
        ["Scented candle", "Pillar candle", "Tealights", "Reed diffuser", "Room spray", "Incense"],
        ["Amber", "Fig", "Pine", "Linen", "Vanilla", "Smoke"]),
    department("Tableware", (24.0, None, Season::Gifts(0.9)), (11, 0.8),
        ["Mug set", "Dinner plates", "Water glasses", "Cutlery set", "Serving bowl", "Carafe"],
        ["Stoneware", "Speckled", "Recycled glass", "Matte", "Hand-thrown", "Stackable"]),
    department("Cookware", (52.0, None, Season::Gifts(0.7)), (3, 0.6),
        ["Cast-iron pan", "Saucepan", "Chef's knife", "Baking tray", "Chopping board", "Casserole"],
        ["Small", "Large", "Ceramic", "Non-stick", "Oak", "Professional"]),
    department("Bedding", (69.0, None, Season::Warm(-0.2)), (15, 0.4),
        ["Duvet cover", "Pillow", "Fitted sheet", "Wool blanket", "Quilt", "Pillowcase pair"],
        ["Linen", "Percale", "Flannel", "Striped", "Down", "Cotton"]),
    department("Garden", (29.0, None, Season::Warm(0.7)), (9, 0.6),
        ["Herb planter", "Watering can", "Secateurs", "Seed collection", "Lantern", "Garden gloves"],
        ["Terracotta", "Zinc", "Balcony", "Classic", "Slim", "Weatherproof"]),
    department("Machines", (239.0, None, Season::Gifts(1.0)), (0, 0.25),
        ["Espresso machine", "Filter machine", "Grinder", "Milk frother", "Kettle", "Capsule machine"],
        ["Connected", "Compact", "Dual", "Quiet", "Studio", "Everyday"]),
    department("Towels", (26.0, None, Season::None), (6, 0.5),
        ["Bath towel", "Hand towel", "Tea towels", "Beach towel", "Bath mat", "Face cloths"],
        ["Waffle", "Terry", "Organic", "Striped", "Quick-dry", "Heavy"]),
];

/// The department whose things are connected: they tell how they are used and when they fail.
pub(crate) const MACHINES: usize = 14;
/// The department that whoever has a small child needs.
pub(crate) const BABY: usize = 7;

const COLOURS: [&str; 12] =
    ["Ivory", "Slate", "Moss", "Clay", "Ink", "Sand", "Rust", "Fog", "Plum", "Ochre", "Sage", "Night"];

const BRANDS: [(&str, &str); 28] = [
    ("Larkspur", "our own house"),
    ("Hollin", "a family works"),
    ("Brae", "a small roastery"),
    ("Nordhem", "northern design"),
    ("Casa Lume", "a southern kitchen"),
    ("Tidewell", "the sea coast"),
    ("Oakmere", "oak and steel"),
    ("Pell", "plain things"),
    ("Suri", "mountain farms"),
    ("Amberley", "slow evenings"),
    ("Quill & Co", "an old mill"),
    ("Ferrow", "cast and forged"),
    ("Juno Bay", "fresh colours"),
    ("Mallow", "soft and mild"),
    ("Greyfen", "the fens"),
    ("Attic", "a young studio"),
    ("Birkdal", "birch woods"),
    ("Sol & Sal", "sun and salt"),
    ("Wren", "little things"),
    ("Kestrel", "fine tools"),
    ("Tern", "light and quick"),
    ("Harrow", "honest work"),
    ("Lumen", "bright ideas"),
    ("Pomelo", "citrus groves"),
    ("Vale", "the valley"),
    ("Isla", "an island"),
    ("Copperhill", "copper and clay"),
    ("Dunes", "dry sands"),
];

/// The name of the `nth` thing of a department: no two are called the same.
pub(super) fn name(department: usize, nth: usize) -> String {
    let words = &DEPARTMENTS[department];
    let (n_nouns, n_kinds) = (words.nouns.len(), words.kinds.len());
    // Nouns first, so that a small shop has one of each.
    let (noun, kind) = (words.nouns[nth % n_nouns], words.kinds[(nth + nth / n_nouns) % n_kinds]);
    let edition = nth / (n_nouns * n_kinds);
    let colour = COLOURS[(5 * edition + nth) % COLOURS.len()];
    let name = format!("{kind} {}", noun.to_lowercase());
    match edition {
        0 => name,
        1..=2 => format!("{name}, {}", colour.to_lowercase()),
        more => format!("{name}, {} no. {more}", colour.to_lowercase()),
    }
}

pub(super) fn brand(no: usize) -> String {
    BRANDS[no % BRANDS.len()].0.to_owned()
}

/// Two or three sentences for the catalogue.
pub(super) fn text(thing: &Thing) -> String {
    let story = BRANDS.iter().find(|(name, _)| *name == thing.brand).map_or("", |(_, story)| story);
    let leaning = ["light", "warm", "plain", "rich", "fresh", "quiet", "bold", "soft"];
    let strongest =
        (0..thing.taste.len()).max_by(|a, b| thing.taste[*a].abs().total_cmp(&thing.taste[*b].abs())).unwrap_or(0);
    let is_high = thing.taste.get(strongest).is_some_and(|taste| *taste > 0.0);
    let word = leaning[2 * strongest % leaning.len() + usize::from(is_high)];
    let lasting = match thing.lasts_days {
        Some(days) => format!(" A pack lasts about {:.0} days.", days),
        None => " Made to stay for years.".to_owned(),
    };
    let praise = match thing.quality {
        quality if quality > 1.2 => " Many come back for it.",
        quality if quality > 0.0 => " A favourite of ours.",
        _ => "",
    };
    format!("{} by {}, {story}: {word} in character.{lasting}{praise}", thing.name, thing.brand)
}
