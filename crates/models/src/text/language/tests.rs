//! Is the language told where it can be told, and nothing where it cannot?

use super::*;
use proptest::prelude::*;

/// Messages as customers write them, none of them a list of the words above.
const WRITTEN: [(&str, &[&str]); 22] = [
    (
        "en",
        &[
            "Hi, my parcel was supposed to arrive on Tuesday",
            "How can I change the address of my subscription?",
            "The app keeps crashing whenever I open the basket",
            "You charged me twice!",
            "cancel my contract please",
        ],
    ),
    (
        "de",
        &[
            "Wie kann ich meine Adresse ändern?",
            "Das Paket kam beschädigt an und der Karton war offen",
            "Ich warte seit drei Wochen auf mein Geld",
            "kündigung zum monatsende bitte bestätigen",
            "Warum wurde doppelt abgebucht?",
        ],
    ),
    (
        "fr",
        &[
            "Mon colis n'est pas arrivé, que dois-je faire ?",
            "Je souhaite annuler mon abonnement",
            "Pourquoi avez-vous prélevé deux fois la somme ?",
            "le produit est cassé et je veux être remboursée",
        ],
    ),
    (
        "es",
        &[
            "No he recibido mi paquete todavía",
            "¿Cómo puedo cambiar la dirección de envío?",
            "Me han cobrado dos veces la misma factura",
            "quiero cancelar la suscripción ahora",
        ],
    ),
    (
        "it",
        &[
            "Il mio pacco non è ancora arrivato",
            "Come posso cambiare l'indirizzo di spedizione?",
            "Mi avete addebitato due volte lo stesso importo",
            "vorrei annullare il mio abbonamento",
        ],
    ),
    (
        "nl",
        &[
            "Mijn pakketje is nog steeds niet bezorgd",
            "Hoe kan ik mijn adres wijzigen?",
            "Er is twee keer geld afgeschreven van mijn rekening",
            "ik wil graag mijn abonnement opzeggen",
        ],
    ),
    (
        "pt",
        &[
            "A minha encomenda ainda não chegou",
            "Como posso mudar o endereço de entrega?",
            "Vocês me cobraram duas vezes pela mesma coisa",
            "quero cancelar a minha assinatura",
        ],
    ),
    (
        "pl",
        &[
            "Moja paczka jeszcze nie dotarła",
            "Jak mogę zmienić adres dostawy?",
            "Dlaczego pobrano pieniądze dwa razy z mojego konta?",
        ],
    ),
    (
        "sv",
        &[
            "Mitt paket har inte kommit fram än",
            "Hur ändrar jag min adress?",
            "Ni har dragit pengar två gånger från mitt konto",
        ],
    ),
    (
        "da",
        &[
            "Min pakke er ikke kommet frem endnu",
            "Hvordan ændrer jeg min adresse?",
            "I har trukket penge to gange fra min konto",
        ],
    ),
    (
        "fi",
        &[
            "Pakettini ei ole vieläkään saapunut",
            "Miten voin muuttaa osoitettani?",
            "Haluan peruuttaa tilaukseni ja rahat takaisin",
        ],
    ),
    (
        "tr",
        &["Kargom hala gelmedi, ne yapmalıyım?", "Adresimi nasıl değiştirebilirim?", "Hesabımdan iki kez para çekildi"],
    ),
    ("ru", &["Моя посылка до сих пор не пришла", "Как изменить адрес доставки?", "С моей карты дважды списали деньги"]),
    ("uk", &["Моя посилка досі не прийшла", "Як змінити адресу доставки?", "З моєї картки двічі зняли гроші"]),
    ("el", &["Το δέμα μου δεν έχει φτάσει ακόμα"]),
    ("he", &["החבילה שלי עדיין לא הגיעה"]),
    ("ar", &["لم تصل شحنتي بعد"]),
    ("hi", &["मेरा पार्सल अभी तक नहीं आया"]),
    ("th", &["พัสดุของฉันยังไม่มา"]),
    ("ko", &["제 택배가 아직 안 왔어요"]),
    ("ja", &["荷物がまだ届いていません", "注文をキャンセルしたい"]),
    ("zh", &["我的包裹还没有到", "我想取消订单"]),
];

#[test]
fn messages_are_of_the_language_that_they_are_written_in() {
    let all = WRITTEN.iter().flat_map(|(name, texts)| texts.iter().map(|text| (*name, *text)));
    let wrong: Vec<String> = all
        .filter(|(name, text)| language(text) != Some(name))
        .map(|(name, text)| format!("{text:?} is {name}, told as {:?}", language(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(languages().len(), WRITTEN.len());
}

#[test]
fn of_what_is_no_language_nothing_is_said() {
    for text in [
        "",
        "4711",
        "ok",
        "12,50 €",
        "😀😀😀",
        "xkcd qwrtz plmkn",
        "AB-4711 / DHL",
        "\0\0\0\0\0\0\0\0\0",
        "zzzzzzzzzzzzzzzzzz",
    ] {
        assert_eq!(language(text), None, "{text}");
    }
    assert_eq!(language(&"where is my order ".repeat(100_000)), Some("en"), "the beginning is enough");
}

proptest! {
    #[test]
    fn capitals_and_what_stands_between_words_say_nothing(at in 0_usize..60) {
        let all: Vec<(&str, &str)> = WRITTEN.iter().flat_map(|(name, texts)| texts.iter().map(|text| (*name, *text))).collect();
        let (_, text) = all[at % all.len()];
        prop_assert_eq!(language(&format!("  {text} ... 123 !!")), language(text));
        // Turkish capitals are letters of their own.
        if !text.contains('ı') && !text.contains('i') {
            prop_assert_eq!(language(&text.to_uppercase()), language(text));
        }
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,120}") {
        prop_assert!(language(&text).is_none_or(|name| languages().contains(&name)));
    }
}
