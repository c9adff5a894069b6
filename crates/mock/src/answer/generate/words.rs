//! Words to make values of: few, plain, and made up for this purpose.

pub(super) const FIRST: &[&str] = &[
    "Ada", "Amir", "Anouk", "Bela", "Carmen", "Chidi", "Daria", "Elif", "Emeka", "Farah", "Greta", "Hugo",
    "Ines", "Ivo", "Jonas", "Keiko", "Lars", "Leila", "Mateo", "Mina", "Nadia", "Noor", "Oskar", "Priya",
    "Quinn", "Rafael", "Sana", "Tomas", "Uma", "Viktor", "Wanda", "Yusuf",
];
pub(super) const LAST: &[&str] = &[
    "Abara",
    "Becker",
    "Castillo",
    "Dahl",
    "Eriksen",
    "Farkas",
    "Gupta",
    "Haddad",
    "Ibarra",
    "Jansen",
    "Kimura",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quiroga",
    "Rossi",
    "Sato",
    "Tanaka",
    "Ueda",
    "Varga",
    "Weiss",
    "Yilmaz",
    "Zielinski",
];
pub(super) const COMPANY: &[&str] = &[
    "Alder & Finch",
    "Bluegate Systems",
    "Copper Lane",
    "Driftwood Labs",
    "Eastmark",
    "Fernhill Foods",
    "Granite Works",
    "Harbour Nine",
    "Ironbridge",
    "Juniper Post",
    "Kestrel Freight",
    "Lantern House",
];
pub(super) const PRODUCT: &[&str] = &[
    "Walnut Desk Lamp",
    "Linen Notebook",
    "Steel Water Bottle",
    "Wool Travel Blanket",
    "Ceramic Mug",
    "Folding Bicycle",
    "Canvas Backpack",
    "Desk Organiser",
    "Garden Shears",
    "Paper Kite",
    "Oak Picture Frame",
    "Pocket Torch",
];
pub(super) const TITLE: &[&str] = &[
    "The Quiet Harbour",
    "A Map of Small Rivers",
    "Winter at the Mill",
    "Letters from the Coast",
    "The Clockmaker's Garden",
    "North of the Orchard",
    "Seven Lanterns",
    "The Long Ferry",
    "Salt and Cedar",
    "An Atlas of Ordinary Days",
];
pub(super) const SENTENCE: &[&str] = &[
    "Ready for collection from Monday on.",
    "The first delivery arrived in good condition.",
    "Please ring twice; the bell is shy.",
    "Updated after the weekly review.",
    "Works best in a dry place.",
    "Checked by two people before it left.",
    "A short note for whoever reads this next.",
    "Nothing unusual was found.",
];
pub(super) const WORD: &[&str] = &[
    "amber", "birch", "cobalt", "delta", "ember", "fjord", "garnet", "harbour", "indigo", "juniper", "kite",
    "lagoon", "maple", "nectar", "opal", "pebble", "quartz", "river", "saffron", "thistle", "umber",
    "violet", "willow", "zephyr",
];
pub(super) const STREET: &[&str] = &[
    "Mill Lane",
    "Harbour Street",
    "Station Road",
    "Orchard Way",
    "Bridge Street",
    "Chapel Hill",
    "Canal Row",
    "Market Square",
    "Linden Avenue",
];
/// City, region, country code, country, time zone, currency, language, postal code: what belongs together.
pub(super) const PLACE: &[[&str; 8]] = &[
    ["Lisbon", "Lisboa", "PT", "Portugal", "Europe/Lisbon", "EUR", "pt", "1100-148"],
    ["Bergen", "Vestland", "NO", "Norway", "Europe/Oslo", "NOK", "nb", "5003"],
    ["Leipzig", "Saxony", "DE", "Germany", "Europe/Berlin", "EUR", "de", "04109"],
    ["Lyon", "Auvergne-Rhône-Alpes", "FR", "France", "Europe/Paris", "EUR", "fr", "69002"],
    ["Turin", "Piedmont", "IT", "Italy", "Europe/Rome", "EUR", "it", "10121"],
    ["Bristol", "England", "GB", "United Kingdom", "Europe/London", "GBP", "en", "BS1 4DJ"],
    ["Portland", "Oregon", "US", "United States", "America/Los_Angeles", "USD", "en", "97205"],
    ["Sapporo", "Hokkaido", "JP", "Japan", "Asia/Tokyo", "JPY", "ja", "060-0001"],
    ["Pune", "Maharashtra", "IN", "India", "Asia/Kolkata", "INR", "hi", "411001"],
    ["Kumasi", "Ashanti", "GH", "Ghana", "Africa/Accra", "GHS", "en", "AK000"],
    ["Montevideo", "Montevideo", "UY", "Uruguay", "America/Montevideo", "UYU", "es", "11000"],
    ["Hobart", "Tasmania", "AU", "Australia", "Australia/Hobart", "AUD", "en", "7000"],
];
pub(super) const COLOUR: &[&str] = &["red", "green", "blue", "teal", "amber", "violet", "grey", "ivory"];
pub(super) const STATUS: &[&str] = &["active", "pending", "completed"];
pub(super) const TOPIC: &[&str] =
    &["travel", "history", "fiction", "garden", "kitchen", "music", "science", "sport"];
pub(super) const JOB: &[&str] =
    &["Engineer", "Designer", "Librarian", "Accountant", "Carpenter", "Nurse", "Teacher", "Editor"];
pub(super) const DEPARTMENT: &[&str] = &["Operations", "Finance", "Research", "Support", "Logistics"];
pub(super) const ROLE: &[&str] = &["member", "editor", "viewer", "owner"];
pub(super) const KIND: &[&str] = &["standard", "basic", "custom"];
