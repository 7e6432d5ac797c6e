//! Which words does everybody use in each language?

/// Common words, with letters as they are written, and words that customers write.
pub(super) const WORDS: [(&str, &str); 14] = [
    (
        "en",
        "the be to of and a in that have i it for not on with he as you do at this but his by from they we say her she or an will \
         my one all would there their what so up out if about who get which go me when make can like time no just him know take \
         people into year your good some could them see other than then now look only come its over think also back after use two \
         how our work first well way even new want because any these give day most us is are was were has had been did does don't \
         can't i'm it's didn't haven't won't please thanks thank you hello order card account money payment where why still \
         received refund delivery help need password wrong charged waiting should there's more too very here again yet",
    ),
    (
        "de",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie \
         nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein \
         wurde sei ich mich mir mein meine meinen meiner meinem du ihr wir uns euch ihre ihren ihnen was wo wann warum wer kann \
         können konnte möchte habe hatte bin bitte danke hallo guten tag bestellung lieferung rechnung geld konto karte paket \
         wurde worden immer schon jetzt heute gestern nie kein keine keinen bekommen erhalten angekommen geht gibt ja nein sehr \
         wieder seit zurück falsch hilfe frage leider denn doch mal wenn dann diese dieser dieses alle etwas nichts ganz bleibt",
    ),
    (
        "fr",
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou son lui nous comme \
         mais ont été cette ses être fait elle deux ces aux même sans je mon ma mes me moi tu vous votre vos notre leur leurs où \
         quand comment pourquoi quoi quel quelle j'ai n'ai c'est n'est d'une d'un l'on qu'il toujours jamais encore déjà \
         aujourd'hui hier bonjour merci commande livraison facture argent compte carte colis reçu remboursement voudrais puis peux \
         pouvez faut avez suis êtes avait était très bien tout tous toute rien aussi après avant depuis chez si y aide besoin \
         problème mot passe s'il vous plaît",
    ),
    (
        "es",
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre este ya \
         entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué sólo han yo hay vez \
         puede todos así nos ni parte tiene él uno donde bien tiempo mismo ese ahora cada e vida otro después te otros aunque esa \
         eso hace otra gobierno tan durante siempre día tanto ella tres sí dijo sido gran país según menos mis tu usted ustedes \
         hola gracias pedido entrega factura dinero cuenta tarjeta paquete reembolso quiero puedo necesito ayuda favor cómo dónde \
         cuándo cuánto nunca todavía recibido llegado contraseña",
    ),
    (
        "it",
        "di e il la che in a per è un del non le si da con una i sono della nel al dei come più ma lo alla ha delle gli anche o ho \
         mi mio mia miei mie se ci io tu noi voi loro suo sua questo questa quello quella essere stato stata hanno avere era dal \
         alle dalla nella sul sulla due tutto tutti molto dopo senza quando dove come perché cosa chi già ancora sempre mai oggi \
         ieri ciao buongiorno grazie ordine consegna fattura soldi conto carta pacco rimborso vorrei posso può devo bisogno aiuto \
         favore ricevuto arrivato password sbagliato abbiamo siete sta fatto c'è l'ho dell'ordine qual quanto però invece",
    ),
    (
        "nl",
        "de van het een en in is dat op te zijn met voor niet die aan er om ook als dan maar bij nog uit door naar heeft hij ik je \
         mijn me wij we ons jullie u uw hun haar zij ze wat waar wanneer waarom hoe wie kan kunnen kon wil wilde moet moeten heb \
         had hebben was waren ben bent wordt werd worden deze dit of over tot geen al wel zo meer veel na onder tegen zonder sinds \
         nu vandaag gisteren nooit altijd hallo bedankt alstublieft bestelling levering factuur geld rekening kaart pakket \
         ontvangen aangekomen terug graag hulp vraag nodig wachtwoord verkeerd goed nieuwe iets niets alles mij jouw",
    ),
    (
        "pt",
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser \
         quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse \
         eles estão você tinha foram essa num nem suas meu às minha têm numa pelos elas havia seja qual será nós tenho lhe deles \
         essas esses pelas este dele tu te vocês vos lhes meus minhas onde porque quero posso preciso ajuda obrigado obrigada olá \
         bom dia favor pedido entrega fatura dinheiro conta cartão encomenda reembolso recebi chegou ainda nunca sempre hoje ontem \
         senha não estou fazer",
    ),
    (
        "pl",
        "i w nie na się z do to że jest o a jak ale po co tak za od już jego dla czy tylko ja być może mnie ten przez kiedy gdzie \
         był była było są bardzo ma tym go jej ich pan pani mi mam mój moja moje moją jestem chcę mogę można proszę dziękuję \
         dzień dobry cześć zamówienie zamówienia dostawa faktura pieniądze konto karta karty paczka paczki zwrot pomoc pomocy \
         jeszcze zawsze nigdy dzisiaj wczoraj teraz dlaczego kto który która które tego tej nic wszystko został została nadal \
         otrzymałem otrzymałam hasło przed przy bez lub oraz więc gdy aby",
    ),
    (
        "sv",
        "och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när hon man mitt min \
         mina mig du ni er oss vad var varför hur vem ska skulle vill måste hade varit blir blev detta denna dessa eller också \
         bara efter under utan sedan här där nu idag igår aldrig alltid hej tack snälla beställning leverans faktura pengar konto \
         kort paket fått kommit tillbaka hjälp fråga behöver lösenord fel mycket ny någon något alla allt få kommer går finns",
    ),
    (
        "da",
        "og i at det som en på er af for med til den har de ikke om et han men var jeg sig fra vi så kan når hun man mit min mine \
         mig du i jer os hvad hvor hvorfor hvordan hvem skal skulle vil må havde været bliver blev dette denne disse eller også \
         kun efter under uden siden her der nu i dag går aldrig altid hej tak venligst bestilling ordre levering faktura penge \
         konto kort pakke fået kommet tilbage hjælp spørgsmål brug adgangskode forkert meget ny nogen noget alle alt får kommer \
         findes endnu stadig",
    ),
    (
        "fi",
        "ja on ei se että oli hän mutta ovat kun niin myös kuin joka minä minun sinä me te he tämä mitä missä milloin miksi miten \
         kuka voi voin voinko haluan pitää olen olet olemme ollut tai vain jos nyt tänään eilen aina koskaan vielä jo hei kiitos \
         tilaus tilaukseni toimitus lasku rahat tili kortti kortin paketti saanut tullut takaisin apua kysymys tarvitsen salasana \
         väärin hyvä uusi kaikki mikään ole en et emme ettekö mun siitä tästä olisi jälkeen ennen ilman",
    ),
    (
        "tr",
        "ve bir bu da de için ile ne çok ben sen o biz siz onlar benim senin var yok mi mı mu mü ama gibi daha en kadar sonra önce \
         olarak olan oldu değil nasıl nerede neden kim zaman şimdi bugün dün hiç her hala merhaba teşekkürler lütfen sipariş \
         siparişim teslimat fatura para hesap hesabım kart kartım kargo paket iade geldi gelmedi almadım istiyorum yardım gerek \
         şifre yanlış iyi yeni bana beni ancak veya hem diye ise şey olur ediyorum",
    ),
    (
        "ru",
        "и в не на я что он с как это по но они мы она у к за из от вы так же бы о то для все мне меня мой моя мое мои был была \
         было были есть нет да или если когда где почему кто как уже еще ещё только тоже очень после без до при здравствуйте \
         спасибо пожалуйста заказ заказа доставка счет деньги карта карту посылка возврат помогите нужно могу хочу получил \
         получила пришел пришла сегодня вчера никогда всегда пароль неправильно можно его ее их вас вам нас нам этот эта",
    ),
    (
        "uk",
        "і в не на я що він з як це по але вони ми вона у до за із від ви так же б про те для все мені мене мій моя моє мої був \
         була було були є немає так або якщо коли де чому хто вже ще тільки також дуже після без при привіт дякую будь ласка \
         замовлення доставка рахунок гроші картка картку посилка повернення допоможіть потрібно можу хочу отримав отримала \
         прийшла сьогодні вчора ніколи завжди пароль неправильно можна його її їх вас вам нас нам цей ця",
    ),
];
