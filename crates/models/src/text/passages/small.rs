//! Which words say nothing of what a question is about?

/// Articles, pronouns, auxiliaries, prepositions, question words and courtesies, as [`plain`](crate::text::plain()) writes them.
const SMALL: [&str; 5] = [
    "a about after again all already also am an and any are as at be because been before being but by can cannot could d did do does \
     doesn doing don each either else even ever every few for from get gets getting give go going got had has have having he hello help her here hey hi \
     him his how i if in into is isn it its just know let like ll m make many may me might more most much must my need no nor not now \
     of off ok okay on once one only or other our out over own per please possible put re s same see shall she should so some still such t take tell than thank thanks \
     that the their them then there these they thing things this those through to too until up us use ve very want was way we well were \
     what when where whether which while who whom why will with without won would yes yet you your yours",
    "aber als am an auch auf aus bei beim bin bis bitte da dann danke das dass dein dem den denn der des dich die dir doch du ein eine einem \
     einen einer er es etwas euch euer eure fur geht gerne gibt habe haben hallo hat hatte ich ihr ihre ihrem ihren im in ins ist ja kann kein \
     keine konnen konnte man mein meine meinem meinen meiner mich mir mit mochte muss nach nein nicht noch nur ob oder schon sein sich \
     sie sind so um und uns unser unsere vom von vor war warum was wann wie wieder will wir wird wo wurde zu zum zur",
    "ai as au aux avec avez avoir bonjour c ce cela ces cet cette comment d dans de des du elle elles en est et etes etre faire fait faut il ils j \
     je l la le les leur lui m ma mais me mes moi mon n ne nos notre nous on ont ou par pas peut peux plus pour pourquoi puis qu quand que quel \
     quelle qui quoi s sa sans se ses si son sont suis sur ta te tes toi ton tu un une vos votre vous y",
    "al algo como con cual cuando de del donde el ella en es esta estan este esto estoy ha han hay hola la las le lo los mas me mi mis muy no \
     nos o para pero por porque puede puedo que quien quiero se si sin sobre son soy su sus te tengo tiene tu un una uno usted y ya yo",
    "aan als bij che ci com come con cosa da dat de della delle di die do dove e ed een em en er gli hanno heb hebben het ho hoe i ik il in io \
     is kan la le lo ma mag meu mi mia mijn mio moet na naar nao nel niet non o of om onde op os per piu posso quando questo se si sono te um uma un una voor waar wat wie zijn",
];

/// Whether a word says nothing of what a question is about.
pub(super) fn is_small(word: &str) -> bool {
    use std::collections::HashSet;
    use std::sync::LazyLock;
    static WORDS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| SMALL.iter().flat_map(|all| all.split_whitespace()).collect());
    WORDS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_is_written_plainly_and_no_matter_is() {
        for word in SMALL.iter().flat_map(|all| all.split_whitespace()) {
            assert_eq!(crate::text::plain(word), word);
        }
        for matter in ["order", "return", "delivery", "refund", "card", "long", "cost", "bestellung", "colis"] {
            assert!(!is_small(matter), "{matter}");
        }
        assert!(is_small("the") && is_small("ist") && is_small("où".replace('ù', "u").as_str()));
    }
}
