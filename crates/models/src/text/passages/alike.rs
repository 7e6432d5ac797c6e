//! Which words do customers and companies use for the same thing?

/// Words of trade and service that mean about the same, as [`plain`](crate::text::plain()) writes them, with their common forms.
const GROUPS: [&str; 34] = [
    "delivery deliver delivered delivering deliveries ship shipping shipped shipment shipments dispatch dispatched send sending sent arrive arrives arrived arrival",
    "parcel parcels package packages packet box shipment",
    "carrier courier driver postman dhl ups",
    "return returns returning returned send sending back bring",
    "refund refunds refunded refunding reimburse reimbursed reimbursement repay money",
    "cost costs price prices pay fee fees charge charges expensive postage",
    "charged charge billed debited deducted booked",
    "order orders ordered ordering purchase purchases purchased bought buy buying",
    "article articles item items product products goods thing",
    "cancel cancels cancelled canceled cancellation cancelation end terminate quit stop",
    "voucher vouchers coupon coupons promo promotion promotional discount discounts code codes",
    "payment payments pay paying paid",
    "declined decline rejected refused failed denied",
    "invoice invoices bill bills receipt receipts",
    "instalments instalment installment installments monthly rates",
    "password passwords passcode pin",
    "login log logging signin sign",
    "account accounts profile profiles user",
    "delete deletes deleted remove erase erased close closing",
    "change changes changed changing update updates edit modify switch",
    "exchange exchanged swap swapped replace replaced replacement",
    "damaged damage broken broke defective defect faulty cracked scratched",
    "warranty guarantee guaranteed",
    "late overdue delayed delay lost missing",
    "track tracking trace",
    "newsletter newsletters mailing mailings emails advertising",
    "unsubscribe optout",
    "member members membership club subscription subscriptions subscribe",
    "company companies business businesses corporate firm",
    "phone telephone call calling hotline",
    "hours opening open",
    "available availability stock instock sold",
    "valid validity expire expires expiry expired",
    "lieferung liefern geliefert versand versenden paket sendung bestellung",
];
/// How far a word of the same group counts.
const ALIKE: f32 = 0.7;

/// The words that mean about the same as one, each with how far it counts.
pub(super) fn alike(word: &str) -> impl Iterator<Item = (&'static str, f32)> + '_ {
    let has = move |group: &&&str| group.split(' ').any(|one| one == word);
    let others = GROUPS.iter().filter(has).flat_map(|group| group.split(' '));
    others.filter(move |other| *other != word).map(|other| (other, ALIKE * ALIKE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain_and_alike_both_ways() {
        for word in GROUPS.iter().flat_map(|group| group.split(' ')) {
            assert_eq!(crate::text::plain(word), word);
            assert!(alike(word).all(|(other, _)| alike(other).any(|(back, _)| back == word)), "{word}");
        }
        assert!(alike("shipping").any(|(other, _)| other == "delivery"));
        assert_eq!(alike("zebra").count(), 0);
    }
}
