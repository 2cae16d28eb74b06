### Les textes des pages, en français. Les clés sont les mêmes dans toutes les langues.

language-name = Français
language-choice = Langue
skip-to-content = Aller au contenu
footer-privacy = On ne compte ici que des nombres : ni nom, ni image, ni cookie.
footer-more = En savoir plus
footer-open-data = Données ouvertes
favourite-button = Favori :
offline-notice = Pas de connexion. Chiffres de
breadcrumbs = Vous êtes ici

home-title = Où y a‑t‑il de la place ?
search-title = Recherche : { $words }
screen-title = { $name }, à l’écran
widget-title = { $name }, en bref

home-description = L’affluence des bibliothèques, restaurants et guichets du campus, en direct.
home-summary = { $open ->
    [0] Tout est fermé en ce moment.
    [1] { $room ->
        [0] Un lieu est ouvert en ce moment, assez fréquenté.
       *[other] Un lieu est ouvert en ce moment, avec beaucoup de place.
      }
   *[other] { $room ->
        [0] { $open } lieux sont ouverts en ce moment, tous assez fréquentés.
        [1] { $open } lieux sont ouverts en ce moment, dont un avec beaucoup de place.
       *[other] { $open } lieux sont ouverts en ce moment, dont { $room } avec beaucoup de place.
      }
  }
search-label = Chercher un lieu
search-button = Chercher
filter-label = Afficher
filter-all = Tous
filter-open = Ouverts
filter-quiet = Avec de la place
favourites-title = Vos favoris
places-title = Lieux
no-match = Aucun lieu ne correspond.
no-places = Aucun lieu n’est encore décrit.
best-now = Meilleur choix

level-empty = Vide
level-quiet = Calme
level-moderate = Affluence modérée
level-busy = Forte affluence
level-full = Complet
level-unknown = Pas de données
level-closed = Fermé

trend-rising_fast = se remplit vite
trend-rising = se remplit
trend-steady = stable
trend-falling = se vide
trend-falling_fast = se vide vite

figure-seats = { $free ->
    [0] aucune place libre sur { $capacity }
    [one] { $free } place libre sur { $capacity }
   *[other] { $free } places libres sur { $capacity }
  }
figure-places = { $free ->
    [0] aucune place libre sur { $capacity }
    [one] { $free } place libre sur { $capacity }
   *[other] { $free } places libres sur { $capacity }
  }
figure-people = { $present ->
    [0] personne sur place
    [one] { $present } personne sur place
   *[other] { $present } personnes sur place
  }
# Une espace fine insécable précède le signe.
percent-sign = {"\u202F"}%

warning-degraded = Estimation : un compteur ne répond pas.
warning-silent = Pas de données depuis { $time }.
warning-stale = Pas de données depuis { $time }. Dernier comptage : { $present ->
    [0] personne
    [one] { $present } personne
   *[other] { $present } personnes
  }.
as-of = Données de { $time }
as-of-never = Rien n’a encore été compté
estimate-word = environ { $word }
estimate-none = sans doute { $word }

opening-closes = ferme à { $time }
opening-opens = ouvre à { $time }
opening-opens-tomorrow = ouvre demain à { $time }
opening-opens-day = ouvre { $day } à { $time }
opening-opens-date = ouvre le { $date } à { $time }
opening-always = toujours ouvert
opening-closed = fermé jusqu’à nouvel ordre
opening-unknown = horaires inconnus

spoken-level = { $name } : { $word }, { $percent } pour cent
spoken-plain = { $name } : { $word }

now-title = Maintenant
today-title = Aujourd’hui
today-nothing = Rien n’a encore été compté aujourd’hui.
today-caption = Personnes présentes au fil de la journée : { $most } au plus, { $now } maintenant.
today-caption-until = Personnes présentes aujourd’hui jusqu’à { $time } : { $most } au plus, { $now } à la fin.
show-as-table = Voir en tableau
table-time = Heure
table-people = Personnes
chart-people = Personnes
chart-now = { $people } maintenant
chart-until = { $people } à { $time }
parts-title = Salles et espaces
hours-title = Horaires
hours-unknown = Les horaires ne nous ont pas été communiqués.
hours-closed = fermé
hours-all-day = ouvert toute la journée
about-title = Ce lieu
about-address = Adresse
about-access = Accès
about-phone = Téléphone
about-email = Courriel
about-website = Site web
about-services = Sur place
method-title = Comment on compte
method-flows = { $sensors ->
    [one] Un capteur, à la porte, compte les entrées et les sorties. Il ne voit aucun visage et ne garde aucune image.
   *[other] { $sensors } capteurs, aux portes, comptent les entrées et les sorties. Ils ne voient aucun visage et ne gardent aucune image.
  }
method-levels = { $sensors ->
    [one] Un capteur voit combien de personnes sont là. Il ne garde aucune image.
   *[other] { $sensors } capteurs voient combien de personnes sont là. Ils ne gardent aucune image.
  }
method-parts = La somme de ses salles et espaces.
method-nothing = Rien ne mesure encore ce lieu.
method-counted = Passages comptés aujourd’hui : { $entries } à l’entrée, { $exits } à la sortie.
method-drift = Des passages échappent aux capteurs : d’après les jours passés, chaque sortie compte pour { $weight }.
method-recount = { $people ->
    [0] Le personnel n’a vu personne à { $time }.
    [one] Le personnel a compté { $people } personne à { $time }.
   *[other] Le personnel a compté { $people } personnes à { $time }.
  }

neighbours-title = De la place ailleurs
screen-link = Ouvrir ce lieu sur votre téléphone
widget-more = Détails

day-today = Aujourd’hui
day-mon = lundi
day-tue = mardi
day-wed = mercredi
day-thu = jeudi
day-fri = vendredi
day-sat = samedi
day-sun = dimanche
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
date-form = { $day } { $month }

error-404 = Il n’y a rien ici
error-404-advice = L’adresse est peut-être mal écrite, ou ce lieu a changé d’adresse.
error-503 = Un instant
error-503-advice = Une partie du service ne répond pas. Elle reviendra ; réessayez bientôt.
error-500 = Quelque chose s’est cassé chez nous
error-500-advice = C’est noté. Réessayez ; si cela persiste, prévenez la bibliothèque en citant la référence.
error-other = Cela n’a pas fonctionné
error-reference = Référence :
error-home = Tous les lieux

error-401 = Identifiez-vous d’abord
error-401-advice = Cette page est réservée aux personnes identifiées.
error-403 = Accès refusé
sign-in-title = Connexion
sign-in-lead = Pour le personnel et les administrateurs. Personne n’a besoin d’un compte pour voir l’affluence.
signed-out-here = Vous êtes déconnecté ici.
sign-out = Se déconnecter
staff-navigation = Administration
staff-home = Administration
staff-people = Personnes
staff-audit = Journal des modifications
staff-nothing = Votre compte est connu, mais personne ne lui a donné de rôle ici. Adressez-vous à l’administration de votre site.
staff-may = Ce que vous pouvez faire ici
needs-strong-sign-in = Un de vos rôles va loin : il n’agit qu’après une connexion avec un second facteur ou une clé d’accès.
account-title = Votre compte
account-roles = Rôles
account-no-roles = Vous n’avez pas de rôle.
account-sessions = Où vous êtes connecté
account-sign-ins = Dernières connexions
account-tokens = Jetons pour programmes
account-tokens-lead = Avec un jeton, un programme agit en votre nom : il peut ce que vous cochez, tant que vous le pouvez vous-même.
session-this = ce navigateur
session-words = Depuis { $address }, ouverte le { $begun }, utilisée le { $seen }
session-end = Fermer
session-end-others = Fermer toutes les autres
token-made = Le jeton est créé
token-made-advice = Copiez-le maintenant : il ne sera plus montré.
token-words = Jusqu’au { $until }, utilisé le { $used }
token-name = À quoi sert-il ?
token-days = Valable (jours)
token-scopes = Que peut-il faire ?
token-make = Créer un jeton
token-revoke = Reprendre
role-administration = Administration
role-execution = Exécution
role-incubation = Incubation
role-creativity = Groupe créativité
role-reporting = Rapports
role-institution-administrator = Administrateur de l’établissement
role-security-officer = Responsable de la sécurité
role-from = de { $issuer }
role-give = Donner un rôle
role-take = Retirer
role-whom = À qui ?
role-whom-advice = L’identifiant ou l’adresse électronique d’une personne connue ici.
role-which = Rôle
role-where = Site
all-sites = tous les sites
people-at = Personnes ayant un rôle : { $site }
person-add = Ajouter une personne
person-name = Nom
person-email = Adresse électronique (facultative)
person-login = Identifiant (facultatif)
person-login-advice = Pour un compte qui n’existe qu’ici. Le compte universitaire n’en a pas besoin.
person-deactivated = Compte désactivé : connexion impossible.
person-no-roles = Aucun rôle.
person-details = Coordonnées
person-deactivate = Désactiver
person-reactivate = Réactiver
person-end-sessions = Fermer toutes les sessions
see-as = Voir comme cette personne
see-as-notice = Vous voyez comme quelqu’un d’autre et ne pouvez rien modifier.
see-as-end = Redevenir vous-même
save = Enregistrer
act-see-site = voir les pages du personnel
act-describe-site = modifier la fiche du site
act-set-hours = modifier les horaires
act-write-contents = rédiger descriptions, images et événements
act-post-message = publier des messages
act-recount = dire combien de personnes sont là
act-prepare-space = préparer des espaces
act-change-space = modifier espaces et passages
act-connect-sensors = raccorder passerelles et capteurs
act-see-arrivals = voir ce qu’envoient les capteurs
act-read-statistics = lire les statistiques
act-export-statistics = exporter les statistiques
act-grant-site-roles = donner des rôles sur le site
act-read-audit = lire le journal des modifications
act-describe-institution = décrire l’établissement
act-see-people = voir les personnes
act-manage-people = gérer les personnes
act-end-sessions = fermer des sessions
act-manage-issuers = raccorder des fournisseurs d’identité
act-see-machine = voir l’état de la machine
act-manage-certificate = gérer le certificat du service
act-see-as = voir comme quelqu’un d’autre
audit-words = Mots (qui, quoi, à qui)
audit-since = Du
audit-until = Au
audit-show = Afficher
audit-export = En fichier
audit-everything = tout
audit-when = Quand
audit-who = Qui
audit-what = Quoi
audit-change = Avant → après
audit-none = Aucune entrée.
audit-older = Plus anciennes

### Connexion par un fournisseur d'identité

sign-in-with = Avec { $name }
sign-in-refused = Vous n’êtes pas connecté
sso-code = Code
sso-moment = Heure
sso-reference = Référence
sso-again = Réessayer
sso-other-way = Autres moyens de se connecter
sso-unreachable = Le service de connexion de votre établissement ne répond pas. Les sessions ouvertes continuent ; réessayez dans quelques minutes.
sso-lost = Cette connexion a pris trop de temps, était déjà terminée ou a été commencée dans un autre navigateur. Recommencez.
sso-denied = Le service de connexion ne vous a pas laissé entrer, ou vous n’avez pas donné votre accord.
sso-no-role = Votre compte est valable, mais aucune règle ne lui donne de rôle ici. Adressez-vous aux administrateurs de ce service en citant la référence.
sso-deactivated = Votre compte est désactivé ici. Adressez-vous aux administrateurs de ce service.
sso-groups = Vous appartenez à tant de groupes que le service de connexion ne les transmet pas. Les administrateurs de ce service peuvent y remédier ; citez la référence.
sso-taken = Ce compte appartient ici à quelqu’un d’autre. Adressez-vous aux administrateurs de ce service.
sso-time = Les horloges des deux services diffèrent trop. Réessayez ; si cela persiste, prévenez les administrateurs en citant la référence.
sso-other = La réponse du service de connexion n’a pas été acceptée. Réessayez ; si cela persiste, prévenez les administrateurs en citant la référence.
sign-out-leaving = Vous êtes déconnecté ici
sign-out-leaving-lead = Vous allez aussi être déconnecté du service de connexion. Si rien ne se passe, suivez le lien.
sign-out-leaving-go = Se déconnecter aussi là-bas
link-account-leaving = Vers le service de connexion
link-account-leaving-lead = Connectez-vous là-bas avec le compte à rattacher. Si rien ne se passe, suivez le lien.
link-account-leaving-go = Continuer
signed-out-title = Déconnecté
signed-out-everywhere = Vous êtes déconnecté partout : ici et du service de connexion.
signed-out-uncertain = Vous êtes déconnecté ici. La réponse n’appartient pas à une déconnexion commencée dans ce navigateur : sur un ordinateur partagé, fermez le navigateur.
account-links = Comptes rattachés
account-links-lead = Vous pouvez vous connecter avec chacun d’eux.
account-link = Rattacher un compte :
staff-issuers = Connexion
issuer-none = Aucun fournisseur d’identité n’est raccordé.
issuer-add = Raccorder un fournisseur d’identité
issuer-answered = a répondu le { $when }
issuer-not-asked = pas interrogé depuis le démarrage
issuer-addresses = Adresses à copier
issuer-addresses-lead = Qui gère le fournisseur d’identité les y inscrit, lettre pour lettre.
issuer-redirect = URI de redirection
issuer-post-logout = URI de retour après déconnexion
issuer-back-channel = URI de déconnexion par canal arrière
issuer-how = Son état
issuer-state = État
issuer-failure = Ne répond pas comme il faut
issuer-clock = Avance de son horloge sur la nôtre
issuer-refused = Dernière connexion refusée
issuer-check = L’interroger maintenant
issuer-delivered = Ce que la dernière connexion a transmis
issuer-last = Dernière connexion
issuer-out-of-scope = écarté : pas un domaine de ce fournisseur
issuer-matched = Correspondance
issuer-in-id-token = Dans le jeton d’identité
issuer-in-userinfo = Par userinfo
issuer-try = Essayer les règles
issuer-claims = Attributs
issuer-claims-advice = Un objet JSON, un jeton encodé, ou les deux réponses sous « id_token » et « userinfo ». Rien n’en est conservé.
issuer-rule = Règle
issuer-found = Trouvé
issuer-no-match = Aucune règle ne s’applique.
issuer-settings = Réglages
issuer-key = Nom court
issuer-key-advice = Il fait partie des adresses : a-z, 0-9 et -. Il ne peut plus être changé ensuite.
issuer-name = Texte du bouton
issuer-issuer = Adresse du fournisseur (issuer)
issuer-issuer-advice = Lettre pour lettre comme le fournisseur se nomme, sans /.well-known/openid-configuration.
issuer-client = Identifiant client
issuer-secret = Secret client
issuer-secret-kept = Il y en a un. Laissez vide pour le garder.
issuer-secret-none = Il est conservé scellé et n’est plus jamais montré.
issuer-scopes = Portées (scopes)
issuer-domains = Domaines
issuer-domains-advice = Ceux pour lesquels le fournisseur peut parler : staff@uni.example ne compte qu’avec uni.example ici.
issuer-no-match-label = Qui ne reçoit de rôle d’aucune règle
issuer-no-match-refuse = ne peut pas se connecter
issuer-no-match-no-role = se connecte sans rôle
issuer-second-label = Second facteur
issuer-second-claimed = quand le fournisseur le dit (acr, amr)
issuer-second-always = toujours : le fournisseur ne laisse entrer personne sans
issuer-rules = Règles
issuer-rules-advice = Appliquées de nouveau à chaque connexion. Plusieurs valeurs s’écrivent chacune sur sa ligne. Videz l’attribut pour retirer une règle.
issuer-rule-claim = Attribut
issuer-rule-operator = Comparaison
issuer-rule-value = Valeur
operator-equals = est
operator-contains = contient
operator-starts-with = commence par
operator-ends-with = finit par
operator-one-of = est l’un de
operator-present = est présent
issuer-further = Autres réglages
issuer-places-advice = Où le fournisseur place les informations, si ce n’est pas aux endroits habituels : un chemin par ligne, le meilleur d’abord.
issuer-usual = Habituels :
issuer-splits = Attributs à plusieurs valeurs dans un seul texte
issuer-splits-advice = Un par ligne : attribut = ; ou attribut = space
issuer-audiences = Autres audiences de confiance
issuer-acr = Demandé (acr_values)
issuer-strong = Valeurs d’acr et d’amr qui signifient un second facteur
issuer-rechecks = Revérifier le compte pendant les longues sessions (demande un jeton d’actualisation)
issuer-expected = Comptes attendus
issuer-expected-lead = Qui se connecte le premier avec un tel attribut est cette personne.
issuer-person = Numéro de la personne (dans l’adresse de sa page)
issuer-expect = Attendre ce compte
issuer-retire = Retirer ce fournisseur
sign-in-local = Avec un compte de ce service
sign-in-login = Identifiant
sign-in-password = Mot de passe
sign-in-button = Se connecter
sign-in-wrong = Cet identifiant et ce mot de passe ne vont pas ensemble. Vérifiez les deux ; les majuscules comptent dans le mot de passe.
sign-in-wait-seconds =
  { $count ->
    [one] Trop d’essais erronés. Réessayez dans une seconde.
   *[other] Trop d’essais erronés. Réessayez dans { $count } secondes.
  }
sign-in-wait-minutes =
  { $count ->
    [one] Trop d’essais erronés depuis ici. Réessayez dans une minute.
   *[other] Trop d’essais erronés depuis ici. Réessayez dans { $count } minutes.
  }
sign-in-lost = Mot de passe perdu ? L’administration de votre établissement vous envoie un lien pour en choisir un nouveau.
sign-in-other-ways = Autres façons de se connecter
signed-out-disowned = Toutes vos sessions sont fermées et votre mot de passe ne fonctionne plus. Un lien pour en choisir un nouveau vous est envoyé par courriel.
signed-out-disowned-unsent = Toutes vos sessions sont fermées et votre mot de passe ne fonctionne plus. Votre adresse électronique n’est pas connue : demandez à l’administration de votre établissement un lien pour en choisir un nouveau.

second-title = Seconde étape
second-code = Code de votre application d’authentification
second-code-hint = Six chiffres, renouvelés toutes les trente secondes.
second-button = Continuer
second-wrong = Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant.
second-lost = Application ou clé d’accès perdue ? L’administration de votre établissement peut la retirer de votre compte.

passkey-use = Utiliser une clé d’accès
passkey-failed = La clé d’accès n’a pas été utilisée. Réessayez, ou choisissez une autre façon.
passkey-name = Nom de la nouvelle clé d’accès, par exemple l’appareil où elle se trouve
passkey-add = Ajouter une clé d’accès
passkey-remove = Retirer
passkey-words = Ajoutée le { $created } · dernière utilisation : { $used }
passkeys-title = Clés d’accès
passkeys-lead = Une clé d’accès vous connecte avec votre empreinte, votre visage ou le code de votre appareil. Elle remplace le mot de passe et la seconde étape.

invitation-title = Choisissez votre mot de passe
invitation-lead = Ce lien sert une seule fois. Le mot de passe que vous choisissez met fin à toutes les sessions ouvertes.
invitation-gone = Ce lien a déjà servi ou date de plus de 48 heures. Demandez-en un nouveau à l’administration de votre établissement.

password-title = Mot de passe
password-old = Mot de passe actuel
password-new = Nouveau mot de passe
password-again = Nouveau mot de passe, encore une fois
password-choose = Choisir ce mot de passe
password-change = Changer le mot de passe
password-change-lead = Toutes vos autres sessions prennent fin.
password-rule = Au moins { $least } caractères. Le mieux : plusieurs mots sans rapport entre eux ; ni chiffres ni signes ne sont exigés.
password-short = Un mot de passe a au moins { $least } caractères.
password-long = Un mot de passe a au plus { $most } caractères.
password-guessable = Ce mot de passe fait partie de ceux que l’on essaie en premier, ou reprend votre nom ou celui de l’établissement. Choisissez plusieurs mots sans rapport entre eux.
password-differs = Les deux mots de passe ne sont pas les mêmes.
password-wrong = Le mot de passe actuel n’est pas le bon.

security-title = Connexion et sécurité
security-link = Mot de passe, second facteur, appareils
security-too-weak = Vos rôles demandent plus qu’un mot de passe : configurez une application de codes ou une clé d’accès. D’ici là, ils ne vous permettent rien d’autre.
security-too-short = Vos rôles demandent un mot de passe plus long que le vôtre : choisissez-en un ci-dessous, puis connectez-vous avec lui. D’ici là, ils ne vous permettent rien d’autre.
security-confirm = Vous avez un second facteur et ne l’avez pas utilisé pour cette session. Confirmez que c’est vous avant de changer quoi que ce soit ici.
security-confirm-button = Confirmer
codes-title = Application de codes
codes-lead = Une application sur votre téléphone affiche un code, demandé en plus du mot de passe.
codes-since = Configurée le { $since }.
codes-set-up = Configurer
codes-replace = Remplacer
codes-remove = Retirer
codes-scan = Scannez cette image avec votre application d’authentification.
codes-picture = Code QR pour l’application d’authentification
codes-type = Si vous ne pouvez pas la scanner, saisissez ce secret :
codes-confirm = Confirmer avec un premier code
devices-title = Navigateurs avec lesquels vous vous êtes connecté
device-words = { $agent } · { $address } · première fois { $first }, dernière fois { $last }
not-me-title = Ce n’était pas moi
not-me-lead = Si vous ne reconnaissez pas l’un d’eux, ou une session ou connexion de votre compte : ceci met fin à toutes vos sessions, retire votre mot de passe et vous envoie un lien pour en choisir un nouveau.
not-me-button = Ce n’était pas moi

person-invite = Créer un lien pour choisir un mot de passe
person-reset-second-factor = Retirer les seconds facteurs
invited-title = Un lien pour choisir un mot de passe
invited-lead = Remettez-le à la personne et à personne d’autre. Il sert une seule fois, pendant 48 heures, et ne sera plus affiché.
invited-back = Retour à la personne

staff-gateways = Passerelles
staff-sensors = Capteurs
back-link = Retour
edit-link = Modifier
said-yes = oui
said-no = non
row-new = Nouvelle ligne
row-number = Ligne { $number }
wrong-title = À corriger
wrong-needed = Il manque une valeur.
wrong-number = Un nombre entier est attendu.
wrong-date = Une date est attendue, comme 2026-12-24.
wrong-time = Une heure est attendue, comme 05:00.
wrong-json = Ce n’est pas du JSON.
wrong-degrees = Des degrés décimaux sont attendus, comme 48.8566.
wrong-header = Le nom d’un en-tête : lettres, chiffres et tirets.
wrong-form = Une valeur n’a pas la bonne forme.
wrong-taken = Ce nom est déjà pris.
overtaken-title = Quelqu’un d’autre a modifié ceci entre-temps
overtaken-advice = Ce que vous n’aviez pas touché suit la nouvelle valeur. Ce que vous avez modifié tous deux garde votre saisie : enregistrez pour qu’elle l’emporte.
overtaken-gone = Quelqu’un d’autre a retiré ceci entre-temps. Rien n’est enregistré.
overtaken-field = Champ
overtaken-was = Vous aviez vu
overtaken-is = Maintenant
overtaken-yours = Votre saisie
overtaken-untouched = (non touché)
retire-title = Retirer…
retire-advice = Ce sera retiré des pages et des formulaires. L’historique reste ; décrire la même chose à nouveau la fait revenir.
retire-do = Retirer définitivement de l’affichage
preview-title = Effet sur les 14 prochains jours
preview-show = Voir l’effet avant d’enregistrer
preview-day = Jour
preview-before = Aujourd’hui prévu
preview-after = Avec ce changement
preview-changed = modifié
preview-followers = Ces horaires valent aussi pour : { $spaces }.
preview-others = Ont leurs propres horaires et ne changent pas : { $spaces }.
hours-unknown-short = inconnu
institution-title = Établissement
institution-lacking = Il manque encore, pour que toute faille puisse être signalée :
site-new = Ajouter un site
site-kind-library = Bibliothèque
site-kind-canteen = Restaurant
site-kind-gym = Salle de sport
site-kind-desk = Guichet
site-kind-other = Autre lieu
contents-title = Contenus : { $name }
hours-of = Horaires : { $name }
details-title = Fiche : { $name }
contents-link = Contenus
hours-link = Horaires
details-link = Fiche
recount-link = Compter
notices-link = Messages et événements
capacities-link = Capacités de tous les espaces
space-new = Nouvel espace : { $name }
space-add = Ajouter un espace
parent-none = aucun (lieu à part entière)
side-outside = Extérieur
passages-title = Passages
passage-new = Nouveau passage : { $name }
passage-add = Ajouter un passage
passage-title = Passage : { $name }
passage-uncounted = aucun capteur
map-title = Plan des espaces et des passages
draft-mark = en préparation
capacity-short = Capacité (confort / sécurité) :
attention-title = À surveiller
attention-none = Rien à signaler.
attention-silent = Le capteur { $sensor } ne répond plus.
attention-nothing = Rien ne mesure encore { $space }.
attention-capacity = { $space } n’a pas de capacité : ni pourcentage, ni niveau.
attention-safety = { $space } : { $present } personnes, la limite de sécurité est { $safety }.
attention-uncounted = Le passage { $passage } n’a pas de capteur : ceux qui l’empruntent ne sont pas comptés.
attention-hours = Ce site n’a pas d’horaires.
quality-good = données fraîches
quality-degraded = estimation
quality-stale = données anciennes
quality-unknown = pas de données
gateway-institution = tout l’établissement
gateway-new = Raccorder une passerelle
gateway-title = Passerelle : { $name }
gateways-none = Aucune passerelle.
gateway-address = Adresse
gateway-secrets = Secrets valables
secret-new = Nouveau secret
secret-new-advice = Un nouveau secret est montré une seule fois. Les anciens restent valables un jour, le temps de changer chaque émetteur.
secret-at-once = Les anciens secrets cessent tout de suite
secret-made = Le secret est créé
secret-made-advice = Copiez-le maintenant : il ne sera plus montré.
arrivals-title = Ce qui arrive
arrivals-advice = Les dernières réceptions depuis le démarrage du service, sans leur contenu.
arrivals-again = Actualiser
arrivals-none = Rien n’est encore arrivé.
arrival-devices = Appareils
arrival-readings = Mesures
arrival-outcome = Résultat
arrival-refused = Refusé :
arrival-stored = { $count ->
    [one] { $count } nouvelle
   *[other] { $count } nouvelles
  }
arrival-duplicates = { $count ->
    [one] { $count } déjà connue
   *[other] { $count } déjà connues
  }
arrival-doubted = { $count ->
    [one] { $count } douteuse
   *[other] { $count } douteuses
  }
arrival-closed = { $count ->
    [one] { $count } trop ancienne
   *[other] { $count } trop anciennes
  }
arrival-nothing = aucune mesure
sensor-title = Capteur : { $name }
channel-title = Canal : { $name }
sensor-device = Capteur
sensor-state = État
sensor-heard = Entendu
sensor-battery = Pile
sensor-channel = Canal
sensor-gateway = Passerelle
sensor-speaks = répond
sensor-silent = silencieux
sensor-never = jamais entendu
sensors-none = Aucun capteur.
model-none = aucun
purpose-none = pas encore utilisé
purpose-forward = Compte { $passage }
purpose-backward = Compte { $passage }, monté à l’envers
purpose-space = Voit les personnes de { $space }
adopt-title = Adopter des capteurs
adopt-lead = Ces appareils ont parlé, mais personne ne les a décrits. Choisissez ce que chacun compte ; tous ceux choisis sont adoptés ensemble.
adopt-none = Aucun appareil n’attend.
adopt-not = ne pas adopter
adopt-name = Nom (facultatif)
adopt-do = Adopter
adopt-nothing = Rien n’est choisi.
adopt-overtaken = Quelqu’un d’autre a modifié { $thing } entre-temps ; voici l’état actuel.
capacities-title = Capacités : { $name }
capacities-lead = Ce qui change vaut à partir du jour indiqué ; le passé garde ses capacités.
recount-title = Compter : { $name }
recount-present = Chiffre actuel :
recount-people = Personnes sur place
recount-less = Une de moins
recount-more = Une de plus
recount-reason = Pourquoi
recount-reason-default = compté sur place
recount-do = Enregistrer le comptage
recount-noted = Le comptage est noté.
notices-title = Messages et événements : { $name }
notices-none = Aucun message en cours.
notices-label = Messages
notice-new = Nouveau message
notice-edit = Modifier un message
notice-change = Modifier
notice-keep = Laisser tel quel
notice-post = Publier
notice-remove = Retirer
notice-message = Message
notice-warning = Avertissement
notice-event = Événement
notice-until = jusqu’à { $time }
field-slug = Nom dans les adresses
help-slug = Lettres a-z, chiffres et tirets ; il ne change plus ensuite.
field-name = Nom
field-time-zone = Fuseau horaire
help-time-zone = Un nom IANA, comme Europe/Paris.
field-holidays = Pays des jours fériés
help-holidays = Deux lettres, comme FR ; « PH » dans les horaires s’y réfère.
field-data-licence = Licence des données ouvertes
field-security-officer = Responsable de la sécurité
help-security-officer = Le nom de qui répond de la sécurité.
field-security-contact = Où signaler une faille
help-security-contact = Une adresse mailto:, https: ou tel:, publiée dans security.txt.
field-kind = Genre
field-address = Adresse
field-location = Position
field-latitude = Latitude (degrés nord)
field-longitude = Longitude (degrés est)
field-phone = Téléphone
field-email = Courriel
field-website = Site web
field-description = Description
field-access = Accès
help-access = Entrée, ascenseur, rampe.
field-services = Sur place
field-opening-hours = Horaires habituels
help-opening-hours = Comme OpenStreetMap les écrit : Mo-Fr 08:00-22:00; Sa 09:00-18:00; PH off. Vide : pour un espace, ceux de son site.
field-exceptional-days = Jours exceptionnels
help-exceptional-days = Videz une ligne pour la supprimer.
field-day = Jour
field-hours = Horaires de ce jour
help-hours = 10:00-16:00, ou off.
field-reason = Raison, pour le public
field-parent = Fait partie de
field-site = Site
field-is-draft = En préparation : compté, mais montré au personnel seulement
field-capacities = Capacités
help-capacities = Chaque ligne vaut à partir de son jour. Videz une ligne pour la supprimer.
field-since = À partir du
field-comfort = Confort (places)
field-safety = Sécurité (maximum légal)
field-day-starts = Début du jour de comptage
help-day-starts = L’heure où l’espace est le plus vide.
field-empty-at-day-start = Vide à cette heure
field-drift-correction = Corriger la dérive des compteurs
field-from = De
field-to = Vers
field-family = Famille
field-proof = Preuve de l’émetteur
field-scheme = Où se trouve le secret
field-user = Nom d’utilisateur (Basic)
field-header = Nom de l’en-tête
proof-bearer = Authorization: Bearer
proof-basic = Authorization: Basic
proof-header = un en-tête à part
proof-path = dans l’adresse
field-stale-after-minutes = Silence normal (minutes)
field-mapping = Lecture du JSON
help-mapping = Pour la famille json seulement, écrite en JSON ; voir docs/campus.md.
field-model = Modèle
field-purpose = Utilisation
field-counter = Compteur
field-counter-wrap = Valeurs avant retour à zéro
field-counter-resets-to-zero = Repart de zéro quand il redémarre
field-counter-max-per-minute = Personnes par minute, au plus
field-title = Titre
field-body = Texte
field-starts-at = Affiché à partir de (événement : début)
field-ends-at = Jusqu’à
rule-slug-form = Utilisez a-z, 0-9 et -, 80 caractères au plus.
rule-unique-slug = Ce nom est déjà pris.
rule-unique-name = Ce nom est déjà pris.
rule-named = Un nom est nécessaire.
rule-contact-form = Commencez par mailto:, https: ou tel:.
rule-location-range = Cette position n’est pas sur Terre.
rule-opening-hours = Ces horaires ne se lisent pas.
rule-known-name = Quelque chose s’y réfère encore, ou ce nom n’existe pas.
rule-one-site = Les espaces d’un même arbre sont d’un même site.
rule-tree = Un espace ne peut faire partie de lui-même.
rule-capacity-positive = Une capacité est d’au moins une personne.
rule-capacity-dates = Deux capacités commencent le même jour.
rule-two-sides = Un passage relie deux côtés différents.
rule-family-speaks-https = Choisissez le serveur réseau ; le modèle se met au capteur.
rule-mapping = La lecture du JSON ne convient pas.
rule-stale-positive = Le silence dure au moins une minute.
rule-unique-device = Cet appareil est déjà décrit.
rule-device-form = Ce n’est pas un nom d’appareil.
rule-model-is-device = Ce modèle ne parle pas derrière un serveur réseau.
rule-unique-channel = Ce canal est déjà décrit.
rule-one-passage = Un canal ne compte qu’un passage.
rule-counter = Au moins 2 valeurs, et au moins une personne par minute.
rule-notice-length = C’est trop long : 120 caractères pour le titre, 1000 pour le texte.
rule-notice-overtaken = Quelqu’un a modifié ou retiré ce message entre-temps : voyez la liste ci-dessus. Publier de nouveau en fera un nouveau message.
rule-notice-order = La fin doit venir après le début, et ne pas être passée.
rule-notice-longest = Un an au plus.

pictures-title = Images : { $name }
pictures-link = Images
pictures-none = Aucune image.
picture-new = Ajouter une image
picture-file = Fichier
picture-advice = JPEG, PNG ou WebP, 15 Mo au plus. L’image est refaite : ni lieu, ni date, ni appareil n’y restent.
picture-alt = Ce que montre l’image, pour qui ne la voit pas
picture-publish = Publier

### Ports de la machine

staff-ports = Ports
ports-strangers = { $count ->
    [one] Un processus écoute sans figurer sur la liste
   *[other] { $count } processus écoutent sans figurer sur la liste
}
ports-strangers-lead = Le pare-feu ne laisse personne les atteindre, mais rien de Parvis n’écoute là. Cherchez ce que c’est et arrêtez-le.
ports-no-strangers = Tout ce qui écoute sur le réseau figure sur la liste.
ports-inbound = Ce qui est joignable de l’extérieur
ports-inbound-lead = Tout le reste est ignoré sans réponse, en IPv4 et en IPv6.
ports-port = Port
ports-service = Service
ports-purpose = Usage
ports-unit = Unité
ports-listens = Écoute actuellement
ports-nobody = personne
ports-of-user = { $address } ({ $user })
ports-outbound = Ce que la machine contacte elle-même
ports-outbound-lead = Tout le reste est bloqué et journalisé.
ports-kind = Objet
ports-user = Utilisateur
ports-to = Vers
ports-anyone = quiconque répond
ports-not-configured = personne : rien n’est configuré
port-kind-dhcp = adresse (DHCP)
port-kind-dns = noms (DNS)
port-kind-ntp = heure (NTP)
port-kind-mail = courrier
port-kind-identity-provider = fournisseurs d’identité
port-kind-certificate-authority = autorité de certification
port-kind-updates = mises à jour
port-kind-backup = sauvegardes
port-kind-gateways = passerelles et courtiers de messages

### The certificate

staff-certificate = Certificat
certificate-not-taken = Ce certificat n’a pas été pris ; le précédent reste en service.
certificate-on-its-way = Un certificat est en cours de demande. Rechargez cette page dans un instant.
certificate-now = En service maintenant
certificate-source = Origine
certificate-source-self-made = fait par cette machine (les navigateurs avertissent)
certificate-source-acme = demandé et renouvelé automatiquement (ACME : Let’s Encrypt ou celui de l’université)
certificate-source-uploaded = apporté par nous
certificate-names = Pour
certificate-issuer = Émis par
certificate-from = Valable à partir du
certificate-until = Valable jusqu’au
certificate-key = Clé
certificate-fingerprint = Empreinte SHA-256
certificate-renewal = Prochain renouvellement
certificate-failure = Dernier échec
certificate-refused = Fichiers en place mais pas en service
certificate-ask = En demander un maintenant
certificate-upload = Apporter un certificat
certificate-upload-lead = Chaîne, clé, noms, dates et solidité sont vérifiés avant tout changement. Les connexions ouvertes continuent.
certificate-file = Certificat avec sa chaîne
certificate-file-advice = PEM, dans n’importe quel ordre, ou un fichier PKCS#12 (.p12, .pfx) avec sa clé. Pour une autorité interne, avec sa racine.
certificate-key-file = Clé privée
certificate-key-advice = PEM. Elle reste sur cette machine et n’est jamais affichée.
certificate-key-waits = Laissez vide pour la réponse à la demande ci-dessous : sa clé attend ici.
certificate-password = Mot de passe de la clé ou du fichier PKCS#12, s’il y en a un
certificate-install = Vérifier et mettre en service
certificate-request = Demande à une autorité
certificate-request-lead = La clé est faite ici et y reste. Envoyez la demande à votre autorité, puis apportez sa réponse ci-dessus.
certificate-request-make = Faire une demande
certificate-request-again = Faire une autre demande et oublier celle-ci
certificate-request-load = Télécharger la demande
certificate-choose = Origine souhaitée
certificate-directory-legend = Pour ACME
certificate-directory = Adresse de l’annuaire ACME
certificate-directory-advice = Celle de Let’s Encrypt ou d’une autorité de l’université. Elle doit joindre cette machine sur le port 80.
certificate-contact = Adresse à laquelle l’autorité peut écrire
certificate-terms = Nous acceptons les conditions d’utilisation de l’autorité.
certificate-further = Autres réglages
certificate-profile = Profil
certificate-profile-advice = Si l’autorité en propose plusieurs, comme shortlived pour des certificats de six jours.
certificate-directory-ca = Autorités qui garantissent l’annuaire, PEM
certificate-directory-ca-advice = Seulement pour un annuaire interne à l’université.
certificate-directory-ca-kept = Il y en a. Laissez vide pour les garder.
certificate-binding = Identifiant d’un compte que l’autorité connaît (EAB key ID)
certificate-binding-advice = Si l’autorité le demande, comme HARICA et Sectigo.
certificate-binding-key = Sa clé (EAB HMAC key)
certificate-save = Enregistrer
certificate-warning-ends-within-month = Le certificat expire dans moins de trente jours.
certificate-warning-renewal-overdue = Le certificat n’est pas renouvelé comme prévu.
certificate-warning-ends-within-week = Le certificat expire dans quelques jours.
certificate-warning-ends-within-day = Le certificat expire dans moins d’un jour.
certificate-warning-ended = Le certificat a expiré : les navigateurs refusent d’ouvrir les pages.
certificate-rule-readable = Le fichier ne peut pas être lu.
certificate-rule-key-match = La clé ne correspond pas au certificat.
certificate-rule-key-strength = La clé est trop faible, ou d’un type que les navigateurs ne connaissent pas.
certificate-rule-names = Il n’est pas au nom de ce service.
certificate-rule-dates = Il n’est pas valable aujourd’hui.
certificate-rule-chain-complete = La chaîne n’est pas complète.
certificate-rule-chain-dates = Un certificat de la chaîne n’est pas valable aujourd’hui.
certificate-rule-chain = La chaîne ne tient pas.
certificate-rule-purpose = Il n’est pas fait pour des serveurs.
certificate-rule-signature = Une signature est faite avec un algorithme cassé.

### Releases of the appliance

act-manage-machine = décider de l’adresse de la machine, de son courrier et de ses mises à jour
staff-updates = Mises à jour
update-no-appliance = Cette machine n’est pas l’appliance : les versions s’installent comme le veut qui l’exploite.
update-program = Parvis { $version } tourne ici.
update-reload = Recharger
update-asked = Demandé ; cela commence dans un instant.
update-notes = Nouveautés
update-check = Chercher des versions
update-restart = Redémarrer maintenant
update-install = Installer, redémarrer plus tard
update-install-restart = Installer et redémarrer maintenant
update-in-the-window = Installer dans la plage ({ $window })
update-not-in-the-window = Finalement ne pas installer dans la plage
update-roll-back = Revenir à { $version } et redémarrer
update-bundle = Un paquet
update-bundle-lead = Une version dans un fichier, pour les machines sans chemin vers le serveur des versions : la même signature et les mêmes sommes sont vérifiées.
update-bundle-file = Fichier (.tar)
update-bundle-send = Remettre
update-bundle-forget = Oublier ce paquet
update-bundle-held = Un paquet de la version { $version } a été remis. Sa signature est vérifiée à l’installation.
update-results = Ce que sont devenues les mises à jour
update-results-none = Aucune encore.
update-settings = D’où viennent les versions
update-url = Adresse des versions
update-window = Plage
update-window-help = Heures de la journée à l’heure de l’établissement, comme 02:00-05:00.
update-automatic = Installer dans la plage sans demander
update-runs = Version en service
update-beside = Installée à côté
update-beside-good = a bien démarré
update-beside-failed = n’a pas bien démarré
update-beside-new = pas encore essayée
update-waits = Au prochain redémarrage
update-available = Disponible
update-not-looked = pas encore cherché
update-looked = Dernière recherche
update-phase-checking = examen de ce qui est proposé
update-phase-copying = copie de la base de données
update-phase-fetching = transfert de { $file }
update-phase-installing = mise en place
update-action-check = Recherche de versions
update-action-install = Installation de { $version }
update-action-roll-back = Retour à { $version }
update-action-restart = Redémarrage
update-became-installed = fait ; attend un redémarrage
update-became-done = fait
update-why-older = refusé : plus ancienne que ce qui a été installé ici
update-why-known = pas fait : déjà installée ici
update-why-nothing-newer = rien de plus récent
update-why-unsigned = refusé : elle n’est pas signée
update-why-foreign-key = refusé : signée d’une clé à laquelle cette machine ne se fie pas
update-why-altered = refusé : sa liste n’est pas celle qui a été signée
update-why-damaged = refusé : un fichier n’est pas celui de la liste signée
update-why-not-for-this-machine = refusé : rien n’y est pour cette machine
update-why-unreachable = le serveur des versions ne répond pas comme il devrait
update-why-no-address = aucune adresse de versions n’est réglée
update-why-bundle = refusé : le paquet est inutilisable
update-why-no-room = pas fait : trop peu de place sur le disque
update-why-database-copy = pas fait : la base n’a pas pu être copiée avant
update-why-no-other = pas fait : il n’y a pas de version où aller
update-why-fell-back = elle n’a pas bien démarré : la machine est revenue d’elle-même
update-why-interrupted = interrompu avant la fin ; rien n’a changé
update-why-broken = pas fait : quelque chose de la machine n’a pas fonctionné
