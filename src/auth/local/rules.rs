//! Which passwords are good enough: long, and not among those that many people choose. Nothing is asked of their letters,
//! and none expires.
//!
//! # The threshold
//!
//! What a password is worth is estimated by zxcvbn, from lists of leaked passwords, names and words, rows of keys,
//! sequences, repetitions and dates, all of which are in the program: nothing is asked elsewhere. To its lists, which are
//! English, come the French ones below and what belongs to the person: name, login, address, institution. A password is
//! refused when the estimate says that fewer than 10^10 guesses find it: zxcvbn's best class. Online, the throttle lets
//! 1440 be made a day; offline, with a stolen database, each costs what argon2id costs, and 10^10 of them are decades of
//! a graphics card. Twelve letters that follow no pattern are worth 10^12, three rare words 10^12 and more.
//!
//! Estimates are made of the password as it is, without its accents, and without what stands between its words, and the
//! lowest counts: a list has `ecole` where people write `école`, and a hyphen makes no word rarer.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Characters a password has at least.
const LEAST: usize = 12;

/// Characters a password has at least where its owner's roles reach far.
const LEAST_FOR_ADMINISTRATORS: usize = 15;

/// Characters a password has at most: more than anybody remembers, less than it takes to keep a machine busy.
pub const MOST: usize = 128;

/// Guesses that a password withstands at least.
const GUESSES: u64 = 10_000_000_000;

/// Words and keys that French people build passwords with and that the lists of zxcvbn lack.
const FRENCH: &[&str] = &[
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "azerty",
    "azertyuiopqsdfghjklmwxcvbn",
    "aqwzsxedc",
    "aqwzsx",
    "rfvtgb",
    "azeqsdwxc",
    "motdepasse",
    "mot",
    "passe",
    "bonjour",
    "bienvenue",
    "bienvenu",
    "jetaime",
    "jtm",
    "amour",
    "monamour",
    "moncoeur",
    "coeur",
    "cheri",
    "cherie",
    "doudou",
    "loulou",
    "bebe",
    "chouchou",
    "nounours",
    "soleil",
    "chocolat",
    "princesse",
    "maman",
    "papa",
    "famille",
    "vacances",
    "liberte",
    "egalite",
    "fraternite",
    "france",
    "paris",
    "lyon",
    "marseille",
    "toulouse",
    "bordeaux",
    "lille",
    "nantes",
    "strasbourg",
    "rennes",
    "grenoble",
    "montpellier",
    "bretagne",
    "olympique",
    "allezlesbleus",
    "allezlom",
    "psg",
    "administrateur",
    "administration",
    "admin",
    "utilisateur",
    "invite",
    "secret",
    "secretaire",
    "secretariat",
    "directeur",
    "direction",
    "professeur",
    "enseignant",
    "etudiant",
    "personnel",
    "bibliotheque",
    "bibliothecaire",
    "mediatheque",
    "restaurant",
    "cantine",
    "campus",
    "faculte",
    "fac",
    "universite",
    "univ",
    "ecole",
    "lycee",
    "institut",
    "rentree",
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "printemps",
    "automne",
    "hiver",
    "changer",
    "changezmoi",
    "changeme",
    "nouveau",
    "provisoire",
    "temporaire",
    "parvis",
];

/// Whose password it is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The person.
    pub name: &'a str,
    /// The name of their account.
    pub login: &'a str,
    /// Where mail reaches them.
    pub email: &'a str,
    /// The institution.
    pub institution: &'a str,
}

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It has fewer characters than this.
    TooShort(usize),
    /// It has more characters than [`MOST`].
    TooLong,
    /// It is among those that are tried first.
    Guessable,
}

/// A password as it is hashed: the same for whoever types the same characters, whatever the keyboard makes of accents.
#[must_use]
pub fn normalized(password: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(password)
        .into_owned()
}

/// Whether a password is good enough.
///
/// # Errors
/// What is wrong with it.
pub fn judge(password: &str, about: About<'_>, is_administrator: bool) -> Result<(), Weakness> {
    if is_too_short(password, is_administrator) {
        return Err(Weakness::TooShort(least(is_administrator)));
    }
    let password = normalized(password);
    if password.chars().count() > MOST {
        return Err(Weakness::TooLong);
    }
    if guesses(&password, about) < GUESSES {
        return Err(Weakness::Guessable);
    }
    Ok(())
}

/// Characters a password has at least, for an administrator or somebody else.
#[must_use]
pub const fn least(is_administrator: bool) -> usize {
    if is_administrator {
        LEAST_FOR_ADMINISTRATORS
    } else {
        LEAST
    }
}

/// Whether a password is shorter than that.
#[must_use]
pub fn is_too_short(password: &str, is_administrator: bool) -> bool {
    normalized(password).chars().count() < least(is_administrator)
}

fn guesses(password: &str, about: About<'_>) -> u64 {
    let own = [about.name, about.login, about.email, about.institution].map(without_accents);
    let mut words: Vec<&str> = own
        .iter()
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| word.chars().count() > 2)
        .collect();
    words.extend(own.iter().map(String::as_str));
    words.extend(FRENCH);
    let plain = without_accents(password);
    let bare: String = plain
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    [password, &plain, &bare]
        .map(|password| zxcvbn::zxcvbn(password, &words).guesses())
        .into_iter()
        .min()
        .unwrap_or(0)
}

/// Letters without what stands on or below them.
fn without_accents(text: &str) -> String {
    DecomposingNormalizerBorrowed::new_nfkd()
        .normalize(text)
        .chars()
        .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: About<'_> = About {
        name: "Ada Moréau",
        login: "ada.moreau",
        email: "ada.moreau@univ-exemple.fr",
        institution: "Université d’Exemple",
    };

    /// Passwords of twelve characters and more that head the lists, or that a person who knows their owner would try.
    const BAD: [&str; 62] = [
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6y7u8i",
        "passwordpassword",
        "azertyuiop123",
        "azertyuiopqsdfghjklm",
        "123456789012345",
        "123456789012",
        "111111111111111",
        "aaaaaaaaaaaaaaa",
        "abcdefghijklmno",
        "abcd1234abcd1234",
        "iloveyou1234",
        "iloveyouforever",
        "letmeinletmein",
        "qwerty123456",
        "qwerty1234567890",
        "password1234",
        "Password12345!",
        "P@ssw0rd2024",
        "P@ssw0rd12345678",
        "motdepasse123",
        "motdepasse12345",
        "MotDePasse2024!",
        "administrateur",
        "administrator",
        "administrator1",
        "Administrateur1",
        "ada.moreau2024",
        "adamoreau1990",
        "AdaMoreau!2025",
        "AdaMoréau2025",
        "universite2024",
        "Université2025!",
        "univ-exemple-2025",
        "bibliotheque12",
        "Bibliothèque2025",
        "Bienvenue2025!",
        "parvisparvis",
        "parvisadmin2025",
        "jetaimejetaime",
        "marseille13000",
        "footballfootball",
        "changemechangeme",
        "superman12345",
        "princesse12345",
        "soleil123456789",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "zaq12wsxcde3",
        "qazwsxedcrfv",
        "asdfghjkl1234",
        "asdfghjklqwerty",
        "qwertyuiopasdfgh",
        "987654321098765",
        "0123456789012",
        "19901990199019",
        "football2025!!",
        "dragondragon1",
        "vendredi13juin",
        "Septembre2025!",
        "            ",
    ];

    const GOOD: [&str; 13] = [
        "correct horse battery staple",
        "cheval-agrafe-batterie-exact",
        "tulipe moteur grenier",
        "quatre chats dans le grenier",
        "vélo orage citron lampe",
        "lampe-violet-7-harpe",
        "j’ai mangé trois pommes hier",
        "une girafe au marché couvert",
        "brouillard cuivre semelle",
        "nine purple lanterns hum",
        "tQ9vR2mXk7bLw4N",
        "8fj2kd93msl1qpz",
        "κόκκινο ποδήλατο στη βροχή",
    ];

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        let passed: Vec<_> = BAD
            .into_iter()
            .filter(|password| judge(password, ADA, false) != Err(Weakness::Guessable))
            .map(|password| (password, guesses(password, ADA)))
            .collect();
        assert_eq!(passed, []);
    }

    #[test]
    fn passwords_of_words_or_chance_are_good_without_any_rule_for_letters() {
        let refused: Vec<_> = GOOD
            .into_iter()
            .filter_map(|password| Some((password, judge(password, ADA, true).err()?)))
            .collect();
        assert_eq!(refused, []);
    }

    #[test]
    fn what_belongs_to_a_person_is_bad_for_them_alone() {
        let password = "ysoldequimbrax";
        let ysolde = About {
            name: "Ysolde Quimbrax",
            ..About::default()
        };
        assert_eq!(judge(password, ysolde, false), Err(Weakness::Guessable));
        assert_eq!(judge(password, About::default(), false), Ok(()));
    }

    #[test]
    fn length_is_counted_in_characters_and_is_more_for_administrators() {
        let judged =
            |password: &str, is_administrator| judge(password, About::default(), is_administrator);
        assert_eq!(judged("tQ9vR2mXk7b", false), Err(Weakness::TooShort(12)));
        assert_eq!(judged("tQ9vR2mXk7bL", false), Ok(()));
        assert_eq!(judged("tQ9vR2mXk7bLw4", true), Err(Weakness::TooShort(15)));
        assert_eq!(judged("tQ9vR2mXk7bLw4N", true), Ok(()));
        // Eleven characters that are more bytes, or more when their accents are typed apart.
        assert_eq!(judged("éàùçôîêûïöü", false), Err(Weakness::TooShort(12)));
        assert_eq!(
            judged("e\u{301}tQ9vR2mXk7", false),
            Err(Weakness::TooShort(12))
        );
        let long: String = ('a'..='z').cycle().step_by(7).take(128).collect();
        assert_eq!(judged(&long, false), Ok(()));
        assert_eq!(judged(&format!("{long}a"), false), Err(Weakness::TooLong));
    }

    #[test]
    fn accents_typed_apart_are_the_same_password() {
        assert_eq!(normalized("ve\u{301}lo"), normalized("vélo"));
        assert_ne!(normalized("velo"), normalized("vélo"));
    }
}
