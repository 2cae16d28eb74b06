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
