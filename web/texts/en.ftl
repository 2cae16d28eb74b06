### The texts of the pages, in English. Keys are the same in every language.

language-name = English
language-choice = Language
skip-to-content = Skip to content
footer-privacy = Only numbers are counted here: no names, no pictures, no cookies.
footer-more = More
footer-open-data = Open data
favourite-button = Favourite:
offline-notice = No connection. Figures are as of
breadcrumbs = You are here

home-title = Where is there room?
search-title = Search: { $words }
screen-title = { $name }, on screen
widget-title = { $name }, in brief

home-description = How full the libraries, canteens and desks of the campus are now.
home-summary = { $open ->
    [0] Everything is closed now.
    [one] { $room ->
        [0] One place is open now, and it is busy.
       *[other] One place is open now, and it has plenty of room.
      }
   *[other] { $room ->
        [0] { $open } places are open now, all of them rather full.
        [one] { $open } places are open now, one of them with plenty of room.
       *[other] { $open } places are open now, { $room } of them with plenty of room.
      }
  }
search-label = Find a place
search-button = Search
filter-label = Show
filter-all = All
filter-open = Open now
filter-quiet = Plenty of room
favourites-title = Your favourites
places-title = Places
no-match = No place matches.
no-places = No place is described yet.
best-now = Best now

level-empty = Empty
level-quiet = Quiet
level-moderate = Moderate
level-busy = Busy
level-full = Full
level-unknown = No data
level-closed = Closed

trend-rising_fast = filling up fast
trend-rising = filling up
trend-steady = steady
trend-falling = emptying
trend-falling_fast = emptying fast

figure-seats = { $free ->
    [0] no seat free of { $capacity }
    [one] 1 seat free of { $capacity }
   *[other] { $free } seats free of { $capacity }
  }
figure-places = { $free ->
    [0] no place free of { $capacity }
    [one] 1 place free of { $capacity }
   *[other] { $free } places free of { $capacity }
  }
figure-people = { $present ->
    [0] nobody there
    [one] 1 person there
   *[other] { $present } people there
  }
percent-sign = %

warning-degraded = Estimate: a counter is silent.
warning-silent = No data since { $time }.
warning-stale = No data since { $time }. Last count: { $present ->
    [0] nobody
    [one] 1 person
   *[other] { $present } people
  }.
as-of = As of { $time }
as-of-never = Nothing counted yet
estimate-word = about { $word }
estimate-none = probably { $word }

opening-closes = closes at { $time }
opening-opens = opens at { $time }
opening-opens-tomorrow = opens tomorrow at { $time }
opening-opens-day = opens { $day } at { $time }
opening-opens-date = opens on { $date } at { $time }
opening-always = always open
opening-closed = closed until further notice
opening-unknown = hours unknown

spoken-level = { $name }: { $word }, { $percent } percent
spoken-plain = { $name }: { $word }

now-title = Now
today-title = Today
today-nothing = Nothing was counted today so far.
today-caption = People present in the course of today: at most { $most }, now { $now }.
today-caption-until = People present today until { $time }: at most { $most }, { $now } at the end.
show-as-table = Show as table
table-time = Time
table-people = People
chart-people = People
chart-now = { $people } now
chart-until = { $people } at { $time }
parts-title = Rooms and zones
hours-title = Opening hours
hours-unknown = The opening hours are not known.
hours-closed = closed
hours-all-day = open all day
about-title = About this place
about-address = Address
about-access = Getting in
about-phone = Telephone
about-email = E-mail
about-website = Web site
about-services = What you find there
method-title = How this is counted
method-flows = { $sensors ->
    [one] One sensor at the doors counts who goes in and out. It sees no faces and keeps no pictures.
   *[other] { $sensors } sensors at the doors count who goes in and out. They see no faces and keep no pictures.
  }
method-levels = { $sensors ->
    [one] One sensor sees how many people there are. It keeps no pictures.
   *[other] { $sensors } sensors see how many people there are. They keep no pictures.
  }
method-parts = The sum of its rooms and zones.
method-nothing = Nothing measures this place yet.
method-counted = Counted today: { $entries } in, { $exits } out.
method-drift = Sensors miss some people: going by past days, each exit counts as { $weight }.
method-recount = { $people ->
    [0] Staff saw nobody there at { $time }.
    [one] Staff counted 1 person at { $time }.
   *[other] Staff counted { $people } people at { $time }.
  }

neighbours-title = Room elsewhere
screen-link = Open this place on your phone
widget-more = More

day-today = Today
day-mon = Monday
day-tue = Tuesday
day-wed = Wednesday
day-thu = Thursday
day-fri = Friday
day-sat = Saturday
day-sun = Sunday
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
date-form = { $day } { $month }

error-404 = There is nothing here
error-404-advice = The address may be mistyped, or the place may have moved.
error-503 = Just a moment
error-503-advice = A part of the service does not answer. It will be back; try again shortly.
error-500 = Something broke on our side
error-500-advice = It has been noted. Try again; if it stays, tell the library and quote the reference.
error-other = That did not work
error-reference = Reference:
error-home = All places

error-401 = Sign in first
error-401-advice = This is for people who are signed in.
error-403 = Not for you
sign-in-title = Sign in
sign-in-lead = For staff and administrators. Nobody needs an account to see how full a place is.
signed-out-here = You are signed out here.
sign-out = Sign out
staff-navigation = Administration
staff-home = Administration
staff-people = People
staff-audit = Record of changes
staff-nothing = Your account is known, but nobody has given it a role here. Ask the administrator of your site.
staff-may = What you may do here
needs-strong-sign-in = A role of yours reaches far: it works only after a sign-in with a second factor or a passkey.
account-title = Your account
account-roles = Roles
account-no-roles = You have no role.
account-sessions = Where you are signed in
account-sign-ins = Last sign-ins
account-tokens = Tokens for programs
account-tokens-lead = With a token, a program acts in your name: it may do what you tick, as long as you may do it yourself.
session-this = this browser
session-words = From { $address }, since { $begun }, last used { $seen }
session-end = End
session-end-others = End all others
token-made = The token is made
token-made-advice = Copy it now: it is not shown again.
token-words = Until { $until }, last used { $used }
token-name = What is it for?
token-days = Good for days
token-scopes = What may it do?
token-make = Make a token
token-revoke = Take back
role-administration = Administration
role-execution = Execution
role-incubation = Incubation
role-creativity = Creativity group
role-reporting = Reporting
role-institution-administrator = Institution administrator
role-security-officer = Security officer
role-from = from { $issuer }
role-give = Give a role
role-take = Take away
role-whom = To whom?
role-whom-advice = The sign-in name or the e-mail address of somebody known here.
role-which = Role
role-where = Site
all-sites = all sites
people-at = People with a role: { $site }
person-add = Add a person
person-name = Name
person-email = E-mail address (optional)
person-login = Sign-in name (optional)
person-login-advice = For an account that is only here. Who signs in with the university account needs none.
person-deactivated = Deactivated: can not sign in.
person-no-roles = No role.
person-details = Details
person-deactivate = Deactivate
person-reactivate = Reactivate
person-end-sessions = End all sessions
see-as = Look as this person
see-as-notice = You look as somebody else and can change nothing.
see-as-end = As yourself again
save = Save
act-see-site = see the pages for staff
act-describe-site = change what the site is
act-set-hours = change opening hours
act-write-contents = write descriptions, pictures and events
act-post-message = post messages
act-recount = say how many people there are
act-prepare-space = prepare spaces
act-change-space = change spaces and passages
act-connect-sensors = connect gateways and sensors
act-see-arrivals = see what arrives from sensors
act-read-statistics = read statistics
act-export-statistics = export statistics
act-grant-site-roles = give roles at the site
act-read-audit = read the record of changes
act-describe-institution = describe the institution
act-see-people = see people
act-manage-people = manage people
act-end-sessions = end sessions
act-manage-issuers = connect identity providers
act-see-machine = see how the machine is
act-manage-certificate = manage the certificate of the service
act-see-as = look as somebody else
audit-words = Words in who, what or whom
audit-since = From
audit-until = Until
audit-show = Show
audit-export = As a file
audit-everything = everything
audit-when = When
audit-who = Who
audit-what = What
audit-change = Before → after
audit-none = No record.
audit-older = Older

### Sign-on with identity providers

sign-in-with = With { $name }
sign-in-refused = You are not signed in
sso-code = Code
sso-moment = Time
sso-reference = Reference
sso-again = Try again
sso-other-way = Other ways to sign in
sso-unreachable = The sign-on service of your institution does not answer. Whoever is signed in stays signed in; try again in a few minutes.
sso-lost = This sign-in took too long, was finished before, or was begun in another browser. Begin again.
sso-denied = The sign-on service did not let you in, or you did not agree.
sso-no-role = Your account is good, but no rule gives it a role here. Ask the administrators of this service and quote the reference.
sso-deactivated = Your account here is deactivated. Ask the administrators of this service.
sso-groups = You are in so many groups that the sign-on service does not send them. The administrators of this service can change that; quote the reference.
sso-taken = This account belongs to somebody else here. Ask the administrators of this service.
sso-time = The clocks of the two services differ too much. Try again; if it stays, tell the administrators and quote the reference.
sso-other = The answer of the sign-on service was not accepted. Try again; if it stays, tell the administrators and quote the reference.
sign-out-leaving = You are signed out here
sign-out-leaving-lead = Now you are signed out of the sign-on service too. If nothing happens, follow the link.
sign-out-leaving-go = Sign out there too
link-account-leaving = To the sign-on service
link-account-leaving-lead = Sign in there with the account to link. If nothing happens, follow the link.
link-account-leaving-go = Continue
signed-out-title = Signed out
signed-out-everywhere = You are signed out everywhere: here and at the sign-on service.
signed-out-uncertain = You are signed out here. The answer does not belong to a sign-out begun in this browser: on a shared computer, close the browser.
account-links = Linked accounts
account-links-lead = You can sign in with each of these.
account-link = Link an account:
staff-issuers = Sign-on
issuer-none = No identity provider is connected yet.
issuer-add = Connect an identity provider
issuer-answered = answered { $when }
issuer-not-asked = not asked since the start
issuer-addresses = Addresses to copy
issuer-addresses-lead = Whoever runs the identity provider enters these there, letter for letter.
issuer-redirect = Redirect URI
issuer-post-logout = Post-logout redirect URI
issuer-back-channel = Back-channel logout URI
issuer-how = How it does
issuer-state = State
issuer-failure = Does not answer as it must
issuer-clock = Its clock, ahead of ours
issuer-refused = Last refused sign-in
issuer-check = Ask it now
issuer-delivered = What the last sign-in delivered
issuer-last = Last sign-in
issuer-out-of-scope = left aside: not a domain of this provider
issuer-matched = Matched
issuer-in-id-token = In the ID token
issuer-in-userinfo = At userinfo
issuer-try = Try the rules
issuer-claims = Claims
issuer-claims-advice = A JSON object, an encoded token, or both answers as "id_token" and "userinfo". Nothing of it is kept.
issuer-rule = Rule
issuer-found = Found
issuer-no-match = No rule matches.
issuer-settings = Settings
issuer-key = Short name
issuer-key-advice = Part of the addresses: a-z, 0-9 and -. It can not be changed later.
issuer-name = Words on the button
issuer-issuer = Address of the provider (issuer)
issuer-issuer-advice = Letter for letter as the provider names itself, without /.well-known/openid-configuration.
issuer-client = Client ID
issuer-secret = Client secret
issuer-secret-kept = There is one. Leave empty to keep it.
issuer-secret-none = It is kept sealed and never shown again.
issuer-scopes = Scopes
issuer-domains = Domains
issuer-domains-advice = Those the provider may speak for: staff@uni.example counts only with uni.example here.
issuer-no-match-label = Whom no rule gives a role
issuer-no-match-refuse = may not sign in
issuer-no-match-no-role = signs in without a role
issuer-second-label = Second factor
issuer-second-claimed = when the provider says so (acr, amr)
issuer-second-always = always: the provider lets nobody in without one
issuer-rules = Rules
issuer-rules-advice = Applied anew at each sign-in. Several values stand on lines of their own. Empty the claim to take a rule away.
issuer-rule-claim = Claim
issuer-rule-operator = Comparison
issuer-rule-value = Value
operator-equals = is
operator-contains = contains
operator-starts-with = begins with
operator-ends-with = ends with
operator-one-of = is one of
operator-present = is there
issuer-further = Further settings
issuer-places-advice = Where the provider puts facts, if not at the usual places: one path on each line, best first.
issuer-usual = Usual:
issuer-splits = Claims with several values in one text
issuer-splits-advice = One on each line: claim = ; or claim = space
issuer-audiences = Other trusted audiences
issuer-acr = Asked for (acr_values)
issuer-strong = Values of acr and amr that mean a second factor
issuer-rechecks = Look again at the account during long sessions (needs a refresh token)
issuer-expected = Expected accounts
issuer-expected-lead = Whoever signs in first with such a claim is this person.
issuer-person = Number of the person (in the address of their page)
issuer-expect = Expect this account
issuer-retire = Take this provider away
sign-in-local = With an account of this service
sign-in-login = Name
sign-in-password = Password
sign-in-button = Sign in
sign-in-wrong = That name and password do not go together. Check both; capitals count in the password.
sign-in-wait-seconds =
  { $count ->
    [one] Too many wrong tries. Try again in a second.
   *[other] Too many wrong tries. Try again in { $count } seconds.
  }
sign-in-wait-minutes =
  { $count ->
    [one] Too many wrong tries from here. Try again in a minute.
   *[other] Too many wrong tries from here. Try again in { $count } minutes.
  }
sign-in-lost = Password lost? The administration of your institution sends you a link to choose a new one.
sign-in-other-ways = Other ways to sign in
signed-out-disowned = All your sessions are ended and your password no longer works. A link to choose a new one is on its way to you by mail.
signed-out-disowned-unsent = All your sessions are ended and your password no longer works. No mail address of yours is known: ask the administration of your institution for a link to choose a new one.

second-title = Second step
second-code = Code of your authenticator
second-code-hint = Six digits, new every half minute.
second-button = Go on
second-wrong = That code is not right, or was used already. Wait for the next one.
second-lost = Authenticator or passkey lost? The administration of your institution can take it off your account.

passkey-use = Use a passkey
passkey-failed = The passkey was not used. Try again, or choose another way.
passkey-name = Name of the new passkey, such as the device it is on
passkey-add = Add a passkey
passkey-remove = Remove
passkey-words = Added { $created } · last used { $used }
passkeys-title = Passkeys
passkeys-lead = A passkey signs you in with your fingerprint, your face or the code of your device. It replaces the password and the second step.

invitation-title = Choose your password
invitation-lead = This link is good once. The password you choose ends all sessions there were.
invitation-gone = This link was used already or is older than 48 hours. Ask the administration of your institution for a new one.

password-title = Password
password-old = Present password
password-new = New password
password-again = New password, once more
password-choose = Choose this password
password-change = Change the password
password-change-lead = All your other sessions end.
password-rule = At least { $least } characters. Several words that do not belong together are best; no digits or signs are needed.
password-short = A password has at least { $least } characters.
password-long = A password has at most { $most } characters.
password-guessable = This password is one of those that are tried first, or is made of your name or institution. Choose several words that do not belong together.
password-differs = The two passwords are not the same.
password-wrong = The present password is not right.

security-title = Sign-in and security
security-link = Password, second factor, devices
security-too-weak = Your roles need more than a password: set up a code generator or a passkey. Until then you can do nothing else with them.
security-too-short = Your roles need a longer password than yours: choose one below and sign in with it. Until then you can do nothing else with them.
security-confirm = You have a second factor and did not use it for this session. Confirm that it is you before you change anything here.
security-confirm-button = Confirm
codes-title = Code generator
codes-lead = An app on your phone shows a code that is asked for beside the password.
codes-since = Set up on { $since }.
codes-set-up = Set up
codes-replace = Replace
codes-remove = Remove
codes-scan = Scan this picture with your authenticator app.
codes-picture = QR code for the authenticator app
codes-type = If you can not scan it, type this secret:
codes-confirm = Confirm with a first code
devices-title = Browsers you signed in with
device-words = { $agent } · { $address } · first { $first }, last { $last }
not-me-title = That was not me
not-me-lead = If you do not know one of these, or a session or sign-in of your account: this ends all your sessions, takes your password away and sends you a link to choose a new one.
not-me-button = This was not me

person-invite = Make a link to choose a password
person-reset-second-factor = Take second factors away
invited-title = A link to choose a password
invited-lead = Give it to the person and to nobody else. It is good once, for 48 hours, and is not shown again.
invited-back = Back to the person

staff-gateways = Gateways
staff-sensors = Sensors
back-link = Back
edit-link = Change
said-yes = yes
said-no = no
row-new = New line
row-number = Line { $number }
wrong-title = To be corrected
wrong-needed = A value is missing.
wrong-number = A whole number is needed.
wrong-date = A date is needed, such as 2026-12-24.
wrong-time = A time is needed, such as 05:00.
wrong-json = This is not JSON.
wrong-degrees = Decimal degrees are needed, such as 48.8566.
wrong-header = The name of a header: letters, digits and hyphens.
wrong-form = A value does not have the right form.
wrong-taken = This name is taken already.
overtaken-title = Somebody else changed this meanwhile
overtaken-advice = What you had not touched follows the new value. What both of you changed keeps what you entered: save to let it stand.
overtaken-gone = Somebody else retired this meanwhile. Nothing is saved.
overtaken-field = Field
overtaken-was = You saw
overtaken-is = Now
overtaken-yours = You entered
overtaken-untouched = (not touched)
retire-title = Retire…
retire-advice = It will be gone from pages and forms. Its history stays; describing the same thing again brings it back.
retire-do = Retire it
preview-title = Effect on the next 14 days
preview-show = Show the effect before saving
preview-day = Day
preview-before = As it is
preview-after = With this change
preview-changed = changed
preview-followers = These hours also hold for: { $spaces }.
preview-others = Have hours of their own and do not change: { $spaces }.
hours-unknown-short = unknown
institution-title = Institution
institution-lacking = Still missing, so that flaws can be reported:
site-new = Add a site
site-kind-library = Library
site-kind-canteen = Canteen
site-kind-gym = Gym
site-kind-desk = Desk
site-kind-other = Other place
contents-title = Contents: { $name }
hours-of = Opening hours: { $name }
details-title = Details: { $name }
contents-link = Contents
hours-link = Hours
details-link = Details
recount-link = Count now
notices-link = Messages and events
capacities-link = Capacities of all spaces
space-new = New space: { $name }
space-add = Add a space
parent-none = none (a place of its own)
side-outside = Outside
passages-title = Passages
passage-new = New passage: { $name }
passage-add = Add a passage
passage-title = Passage: { $name }
passage-uncounted = no sensor
map-title = Map of spaces and passages
draft-mark = draft
capacity-short = Capacity (comfort / safety):
attention-title = What needs attention
attention-none = Nothing.
attention-silent = Sensor { $sensor } is silent.
attention-nothing = Nothing measures { $space } yet.
attention-capacity = { $space } has no capacity: no percentage, no level.
attention-safety = { $space }: { $present } people, the safety limit is { $safety }.
attention-uncounted = Passage { $passage } has no sensor: who uses it is not counted.
attention-hours = This site has no opening hours.
quality-good = fresh data
quality-degraded = estimate
quality-stale = old data
quality-unknown = no data
gateway-institution = the whole institution
gateway-new = Connect a gateway
gateway-title = Gateway: { $name }
gateways-none = No gateways.
gateway-address = Address
gateway-secrets = Secrets that are good
secret-new = New secret
secret-new-advice = A new secret is shown once. The old ones stay good for a day, so that senders can be changed one by one.
secret-at-once = The old secrets end at once
secret-made = The secret is made
secret-made-advice = Copy it now: it will not be shown again.
arrivals-title = What arrives
arrivals-advice = The latest arrivals since the service started, without what they held.
arrivals-again = Look again
arrivals-none = Nothing has arrived yet.
arrival-devices = Devices
arrival-readings = Readings
arrival-outcome = Outcome
arrival-refused = Refused:
arrival-stored = { $count } new
arrival-duplicates = { $count } known already
arrival-doubted = { $count } doubted
arrival-closed = { $count } too old
arrival-nothing = no readings
sensor-title = Sensor: { $name }
channel-title = Channel: { $name }
sensor-device = Sensor
sensor-state = State
sensor-heard = Heard
sensor-battery = Battery
sensor-channel = Channel
sensor-gateway = Gateway
sensor-speaks = speaks
sensor-silent = silent
sensor-never = never heard
sensors-none = No sensors.
model-none = none
purpose-none = not used yet
purpose-forward = Counts { $passage }
purpose-backward = Counts { $passage }, mounted the other way round
purpose-space = Sees the people of { $space }
adopt-title = Adopt sensors
adopt-lead = These devices spoke, but nobody described them. Choose what each counts; all that are chosen are adopted together.
adopt-none = No device is waiting.
adopt-not = do not adopt
adopt-name = Name (optional)
adopt-do = Adopt
adopt-nothing = Nothing is chosen.
adopt-overtaken = Somebody else changed { $thing } meanwhile; this is how it is now.
capacities-title = Capacities: { $name }
capacities-lead = What changes holds from the given day on; the past keeps its capacities.
recount-title = Count now: { $name }
recount-present = Present figure:
recount-people = People there
recount-less = One less
recount-more = One more
recount-reason = Why
recount-reason-default = counted on the spot
recount-do = Save the count
recount-noted = The count is noted.
notices-title = Messages and events: { $name }
notices-none = No messages.
notices-label = Messages
notice-new = New message
notice-edit = Change a message
notice-change = Change
notice-keep = Leave it as it is
notice-post = Post
notice-remove = Take down
notice-message = Message
notice-warning = Warning
notice-event = Event
notice-until = until { $time }
field-slug = Name in addresses
help-slug = Letters a-z, digits and hyphens; it does not change afterwards.
field-name = Name
field-time-zone = Time zone
help-time-zone = An IANA name, such as Europe/Paris.
field-holidays = Country of public holidays
help-holidays = Two letters, such as FR; "PH" in opening hours refers to it.
field-data-licence = Licence of the open data
field-security-officer = Security officer
help-security-officer = The name of who answers for security.
field-security-contact = Where to report flaws
help-security-contact = A mailto:, https: or tel: address, published in security.txt.
field-kind = Kind
field-address = Address
field-location = Location
field-latitude = Latitude (degrees north)
field-longitude = Longitude (degrees east)
field-phone = Telephone
field-email = E-mail
field-website = Website
field-description = Description
field-access = Access
help-access = Entrance, lift, ramp.
field-services = Services
field-opening-hours = Regular hours
help-opening-hours = As OpenStreetMap writes them: Mo-Fr 08:00-22:00; Sa 09:00-18:00; PH off. Empty: for a space, those of its site.
field-exceptional-days = Exceptional days
help-exceptional-days = Empty a line to remove it.
field-day = Day
field-hours = Hours of that day
help-hours = 10:00-16:00, or off.
field-reason = Reason, for the public
field-parent = Part of
field-site = Site
field-is-draft = Draft: counted, but shown to staff only
field-capacities = Capacities
help-capacities = Each line holds from its day on. Empty a line to remove it.
field-since = From
field-comfort = Comfort (seats)
field-safety = Safety (legal maximum)
field-day-starts = Start of the accounting day
help-day-starts = The time at which it is emptiest.
field-empty-at-day-start = Empty at that time
field-drift-correction = Correct the drift of counters
field-from = From
field-to = To
field-family = Family
field-proof = Proof of the sender
field-scheme = Where the secret stands
field-user = User name (Basic)
field-header = Name of the header
proof-bearer = Authorization: Bearer
proof-basic = Authorization: Basic
proof-header = a header of its own
proof-path = in the address
field-stale-after-minutes = Normal silence (minutes)
field-mapping = How the JSON is read
help-mapping = For the family json only, written as JSON; see docs/campus.md.
field-model = Model
field-purpose = Use
field-counter = Counter
field-counter-wrap = Values before it starts again at zero
field-counter-resets-to-zero = Starts at zero when it restarts
field-counter-max-per-minute = People a minute, at most
field-title = Title
field-body = Text
field-starts-at = Shown from (event: begins)
field-ends-at = Until
rule-slug-form = Use a-z, 0-9 and -, at most 80 characters.
rule-unique-slug = This name is taken already.
rule-unique-name = This name is taken already.
rule-named = A name is needed.
rule-contact-form = Begin with mailto:, https: or tel:.
rule-location-range = This is not on this planet.
rule-opening-hours = These hours can not be read.
rule-known-name = Something still refers to it, or there is no such name.
rule-one-site = Spaces of one tree belong to one site.
rule-tree = A space can not be part of itself.
rule-capacity-positive = A capacity is at least one person.
rule-capacity-dates = Two capacities begin on one day.
rule-two-sides = A passage has two different sides.
rule-family-speaks-https = Choose the network server; the model goes with the sensor.
rule-mapping = The reading of the JSON does not fit.
rule-stale-positive = Silence is at least one minute.
rule-unique-device = This device is described already.
rule-device-form = This is not the name of a device.
rule-model-is-device = This model does not speak through a network server.
rule-unique-channel = This channel is described already.
rule-one-passage = A channel counts one passage.
rule-counter = At least 2 values, and at least one person a minute.
rule-notice-length = This is too long: 120 characters for the title, 1000 for the text.
rule-notice-overtaken = Somebody changed this message or took it down meanwhile: look at the list above. Posting again makes this one a new message.
rule-notice-order = The end comes after the beginning, and is not over yet.
rule-notice-longest = A year at most.

pictures-title = Pictures: { $name }
pictures-link = Pictures
pictures-none = No pictures.
picture-new = Add a picture
picture-file = File
picture-advice = JPEG, PNG or WebP, at most 15 MB. The picture is made anew: no place, date or camera stays in it.
picture-alt = What the picture shows, for who cannot see it
picture-publish = Publish

### Ports of the machine

staff-ports = Ports
ports-strangers = { $count ->
    [one] A process listens that is not on the list
   *[other] { $count } processes listen that are not on the list
}
ports-strangers-lead = The firewall lets nobody reach them, yet nothing of Parvis listens there. Find out what it is, and stop it.
ports-no-strangers = Whoever listens on the network is on the list.
ports-inbound = What may be reached from outside
ports-inbound-lead = Everything else is dropped without an answer, over IPv4 and IPv6.
ports-port = Port
ports-service = Service
ports-purpose = What for
ports-unit = Unit
ports-listens = Listens now
ports-nobody = nobody
ports-of-user = { $address } ({ $user })
ports-outbound = Whom the machine itself speaks to
ports-outbound-lead = Everything else is dropped and logged.
ports-kind = What
ports-user = User
ports-to = To whom
ports-anyone = whoever answers
ports-not-configured = nobody: nothing is configured
port-kind-dhcp = address (DHCP)
port-kind-dns = names (DNS)
port-kind-ntp = time (NTP)
port-kind-mail = mail
port-kind-identity-provider = identity providers
port-kind-certificate-authority = certificate authority
port-kind-updates = updates
port-kind-backup = backups
port-kind-gateways = gateways and brokers

### The certificate

staff-certificate = Certificate
certificate-not-taken = This certificate was not taken; the one before is still served.
certificate-on-its-way = A certificate is being requested. Load this page again in a moment.
certificate-now = What is served now
certificate-source = Where it comes from
certificate-source-self-made = made by this machine (browsers warn of it)
certificate-source-acme = requested and renewed by itself (ACME: Let’s Encrypt or the university’s)
certificate-source-uploaded = brought by us
certificate-names = For
certificate-issuer = Issued by
certificate-from = Valid from
certificate-until = Valid until
certificate-key = Key
certificate-fingerprint = SHA-256 fingerprint
certificate-renewal = Next renewal
certificate-failure = Last failure
certificate-refused = Files in place that are not served
certificate-ask = Request one now
certificate-upload = Bring a certificate
certificate-upload-lead = Chain, key, names, dates and strength are checked before anything changes. Open connections go on.
certificate-file = Certificate with its chain
certificate-file-advice = PEM, in any order, or a PKCS#12 file (.p12, .pfx) with its key. For an authority of your own, with its root.
certificate-key-file = Private key
certificate-key-advice = PEM. It is kept on this machine and never shown.
certificate-key-waits = Leave empty for the answer to the request below: its key waits here.
certificate-password = Password of the key or the PKCS#12 file, if it has one
certificate-install = Check and serve it
certificate-request = Request to an authority
certificate-request-lead = The key is made here and stays here. Send the request to your authority, then bring its answer above.
certificate-request-make = Make a request
certificate-request-again = Make another request, and forget this one
certificate-request-load = Load the request
certificate-choose = Where it is to come from
certificate-directory-legend = For ACME
certificate-directory = Address of the directory
certificate-directory-advice = Let’s Encrypt’s, or that of an authority of the university. It must reach this machine on port 80.
certificate-contact = Mail address the authority may write to
certificate-terms = We accept the terms of service of the authority.
certificate-further = Further
certificate-profile = Profile
certificate-profile-advice = Where the authority has several, such as shortlived for certificates of six days.
certificate-directory-ca = Authorities that vouch for the directory, PEM
certificate-directory-ca-advice = Only for a directory inside the university.
certificate-directory-ca-kept = There are some. Leave empty to keep them.
certificate-binding = Identifier of an account that the authority knows (EAB key ID)
certificate-binding-advice = Where the authority asks for it, as HARICA and Sectigo do.
certificate-binding-key = Its key (EAB HMAC key)
certificate-save = Save
certificate-warning-ends-within-month = The certificate ends within thirty days.
certificate-warning-renewal-overdue = The certificate is not renewed as it should be.
certificate-warning-ends-within-week = The certificate ends within days.
certificate-warning-ends-within-day = The certificate ends within a day.
certificate-warning-ended = The certificate has ended: browsers refuse to open the pages.
certificate-rule-readable = The file can not be read.
certificate-rule-key-match = The key does not belong to the certificate.
certificate-rule-key-strength = The key is too weak, or of a kind that browsers do not know.
certificate-rule-names = It is not for the name of this service.
certificate-rule-dates = It is not valid today.
certificate-rule-chain-complete = The chain is not complete.
certificate-rule-chain-dates = A certificate of the chain is not valid today.
certificate-rule-chain = The chain does not hold.
certificate-rule-purpose = It is not made for servers.
certificate-rule-signature = A signature is made with an algorithm that is broken.
