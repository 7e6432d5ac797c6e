//! Which words name the shop's items?

/// A category: what its items are called, how they are packed, what they cost.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) name: &'static str,
    /// The typical price, in minor units.
    pub(super) price_minor: f64,
    pub(super) nouns: [&'static str; 5],
    pub(super) sizes: [&'static str; 3],
}

/// What an item's name may begin with; the first is nothing.
pub(super) const QUALITIES: [&str; 9] =
    ["", "Organic", "Classic", "Country", "Family", "Golden", "Light", "Fine", "Everyday"];

/// The categories, the most popular first.
pub(super) const CATEGORIES: [Words; 24] = [
    Words {
        name: "Milk",
        price_minor: 149.0,
        nouns: ["Whole milk", "Oat drink", "Almond drink", "Buttermilk", "Skimmed milk"],
        sizes: ["1 l", "0.5 l", "6 x 1 l"],
    },
    Words {
        name: "Bread",
        price_minor: 279.0,
        nouns: ["Rye bread", "Wheat rolls", "Sourdough loaf", "Toast bread", "Flat bread"],
        sizes: ["500 g", "250 g", "750 g"],
    },
    Words {
        name: "Vegetables",
        price_minor: 199.0,
        nouns: ["Tomatoes", "Carrots", "Spinach", "Cucumbers", "Broccoli"],
        sizes: ["500 g", "1 kg", "250 g"],
    },
    Words {
        name: "Fruit",
        price_minor: 249.0,
        nouns: ["Apples", "Bananas", "Oranges", "Grapes", "Pears"],
        sizes: ["1 kg", "500 g", "2 kg"],
    },
    Words {
        name: "Yoghurt",
        price_minor: 119.0,
        nouns: ["Plain yoghurt", "Strawberry yoghurt", "Skyr", "Soy yoghurt", "Greek yoghurt"],
        sizes: ["150 g", "500 g", "4 x 125 g"],
    },
    Words {
        name: "Cheese",
        price_minor: 389.0,
        nouns: ["Gouda", "Mozzarella", "Goat cheese", "Cheddar", "Cottage cheese"],
        sizes: ["200 g", "400 g", "150 g"],
    },
    Words {
        name: "Eggs and tofu",
        price_minor: 329.0,
        nouns: ["Eggs", "Free-range eggs", "Smoked tofu", "Silken tofu", "Tempeh"],
        sizes: ["6 pieces", "10 pieces", "400 g"],
    },
    Words {
        name: "Noodles and rice",
        price_minor: 189.0,
        nouns: ["Spaghetti", "Basmati rice", "Rice noodles", "Couscous", "Egg noodles"],
        sizes: ["500 g", "1 kg", "250 g"],
    },
    Words {
        name: "Sauces",
        price_minor: 259.0,
        nouns: ["Tomato sauce", "Soy sauce", "Pesto", "Curry paste", "Mayonnaise"],
        sizes: ["350 g", "200 ml", "500 ml"],
    },
    Words {
        name: "Breakfast",
        price_minor: 349.0,
        nouns: ["Muesli", "Oat flakes", "Cornflakes", "Honey", "Apricot jam"],
        sizes: ["500 g", "375 g", "750 g"],
    },
    Words {
        name: "Coffee and tea",
        price_minor: 549.0,
        nouns: ["Ground coffee", "Espresso beans", "Green tea", "Peppermint tea", "Instant coffee"],
        sizes: ["250 g", "500 g", "100 g"],
    },
    Words {
        name: "Water and juice",
        price_minor: 159.0,
        nouns: ["Sparkling water", "Apple juice", "Orange juice", "Still water", "Lemonade"],
        sizes: ["1 l", "6 x 1 l", "0.33 l"],
    },
    Words {
        name: "Snacks",
        price_minor: 229.0,
        nouns: ["Potato crisps", "Salted peanuts", "Rice crackers", "Popcorn", "Mixed nuts"],
        sizes: ["150 g", "200 g", "75 g"],
    },
    Words {
        name: "Sweets",
        price_minor: 199.0,
        nouns: ["Dark chocolate", "Milk chocolate", "Fruit gums", "Butter biscuits", "Caramels"],
        sizes: ["100 g", "200 g", "300 g"],
    },
    Words {
        name: "Fish",
        price_minor: 599.0,
        nouns: ["Salmon fillet", "Tuna", "Herring", "Fish fingers", "Prawns"],
        sizes: ["200 g", "400 g", "150 g"],
    },
    Words {
        name: "Meat",
        price_minor: 649.0,
        nouns: ["Chicken breast", "Minced beef", "Pork sausages", "Ham", "Turkey slices"],
        sizes: ["400 g", "250 g", "800 g"],
    },
    Words {
        name: "Frozen food",
        price_minor: 379.0,
        nouns: ["Frozen peas", "Pizza", "Vanilla ice cream", "Berry mix", "Potato wedges"],
        sizes: ["450 g", "750 g", "1 kg"],
    },
    Words {
        name: "Baking",
        price_minor: 169.0,
        nouns: ["Wheat flour", "Sugar", "Baking powder", "Ground almonds", "Cocoa"],
        sizes: ["1 kg", "500 g", "100 g"],
    },
    Words {
        name: "Oil and vinegar",
        price_minor: 499.0,
        nouns: ["Olive oil", "Sunflower oil", "Wine vinegar", "Sesame oil", "Rapeseed oil"],
        sizes: ["500 ml", "750 ml", "250 ml"],
    },
    Words {
        name: "Household",
        price_minor: 329.0,
        nouns: ["Dish soap", "Kitchen paper", "Laundry powder", "Sponges", "Bin bags"],
        sizes: ["500 ml", "4 pieces", "1 kg"],
    },
    Words {
        name: "Body care",
        price_minor: 299.0,
        nouns: ["Hand soap", "Shampoo", "Toothpaste", "Shower gel", "Hand cream"],
        sizes: ["250 ml", "75 ml", "400 ml"],
    },
    Words {
        name: "Baby",
        price_minor: 699.0,
        nouns: ["Nappies", "Baby wipes", "Fruit puree", "Baby cereal", "Follow-on milk"],
        sizes: ["30 pieces", "190 g", "600 g"],
    },
    Words {
        name: "Pets",
        price_minor: 429.0,
        nouns: ["Cat food", "Dog food", "Cat litter", "Dog treats", "Bird seed"],
        sizes: ["400 g", "1 kg", "5 kg"],
    },
    Words {
        name: "Stationery",
        price_minor: 359.0,
        nouns: ["Notebook", "Ball pens", "Envelopes", "Batteries", "Candles"],
        sizes: ["1 piece", "4 pieces", "10 pieces"],
    },
];
