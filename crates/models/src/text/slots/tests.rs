//! Is what a message names read in every way that it is written, and nothing that it does not name?

use super::*;
use proptest::prelude::*;

fn told(message: &str) -> Vec<(SlotKind, String)> {
    slots(message).into_iter().map(|slot| (slot.kind, slot.value)).collect()
}

#[test]
fn each_way_to_write_a_thing_has_one_value() {
    use SlotKind::{Amount, Date, Email, OrderNumber, Phone};
    let cases: &[(&str, &[(SlotKind, &str)])] = &[
        ("where is order 4711234?", &[(OrderNumber, "4711234")]),
        ("order number: ab-4711", &[(OrderNumber, "AB-4711")]),
        ("Order No. 2026/0815 is late", &[(OrderNumber, "2026/0815")]),
        ("Meine Bestellnummer lautet DE-99887", &[(OrderNumber, "DE-99887")]),
        ("Rechnung Nr. 20260042 stimmt nicht", &[(OrderNumber, "20260042")]),
        ("numéro de commande 12345, merci", &[(OrderNumber, "12345")]),
        ("see #10023 please", &[(OrderNumber, "10023")]),
        ("I was charged $1,234.50 and 20 euros", &[(Amount, "1234.5 USD"), (Amount, "20 EUR")]),
        ("1.299,00 € statt 1299,- EUR 7", &[(Amount, "1299 EUR"), (Amount, "7 EUR")]),
        ("£5 or 5 pounds or GBP 5.00", &[(Amount, "5 GBP"), (Amount, "5 GBP"), (Amount, "5 GBP")]),
        ("CHF 1'000.05", &[(Amount, "1000.05 CHF")]),
        ("on 2026-03-31", &[(Date, "2026-03-31")]),
        ("am 31.3.2026, am 1.12.25", &[(Date, "2026-03-31"), (Date, "2025-12-01")]),
        ("03/04/2026 and 03/31/2026", &[(Date, "2026-04-03"), (Date, "2026-03-31")]),
        ("March 3rd, 2026; 3 March; 3. März 2026", &[(Date, "2026-03-03"), (Date, "--03-03"), (Date, "2026-03-03")]),
        ("le 14 juillet 2026, el 2 de mayo de 2026", &[(Date, "2026-07-14"), (Date, "2026-05-02")]),
        ("30.2.2026 is no day", &[]),
        ("mail Bob.S+x@Shop.example.org!", &[(Email, "bob.s+x@shop.example.org")]),
        ("call +49 (0)30 123 456-78", &[(Phone, "+4903012345678")]),
        ("Tel. 030/1234567 oder (555) 010-9999", &[(Phone, "0301234567"), (Phone, "5550109999")]),
        ("I have 2 cards and 15 minutes, since 3 weeks", &[]),
        ("pin 1234, number 123456", &[]),
        ("https://shop.example/order/4711234?d=2026-01-01", &[]),
        ("in order to pay", &[]),
        ("", &[]),
    ];
    for (message, expected) in cases {
        let expected: Vec<(SlotKind, String)> =
            expected.iter().map(|(kind, value)| (*kind, (*value).to_owned())).collect();
        assert_eq!(told(message), expected, "{message}");
    }
}

#[test]
fn a_message_of_nothing_else_is_bounded() {
    let many = "order 12345 costs 5 EUR on 2026-01-02, ".repeat(30_000);
    assert_eq!(slots(&many).len(), N_SLOTS_MAX);
    assert!(slots(&"1".repeat(1 << 20)).is_empty());
    assert!(slots(&"1 ".repeat(1 << 19)).len() <= N_SLOTS_MAX);
}

proptest! {
    #[test]
    fn what_is_told_stands_there_and_nowhere_twice(text in "\\PC{0,80}|[0-9a-e@#.,/€$ +()-]{0,80}|(order|invoice)? ?[0-9 .]{0,40}") {
        let found = slots(&text);
        for slot in &found {
            prop_assert_eq!(&text[slot.start..slot.start + slot.text.len()], &slot.text);
            prop_assert!(!slot.value.is_empty());
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].start + pair[0].text.len() <= pair[1].start));
    }
}
