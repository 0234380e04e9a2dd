# Lengths of time.
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-minutes-seconds = { $minutes } min { $seconds } s
duration-hours = { $hours } h
duration-hours-minutes = { $hours } h { $minutes } min
duration-days = { $days ->
    [one] 1 day
   *[other] { $days } days
}
duration-days-hours = { $days ->
    [one] 1 day { $hours } h
   *[other] { $days } days { $hours } h
}

# Moments.
moment-full = { $weekday } { $date } { $clock }
moment-in-zone = { $clock } ({ $zone })
moment-date = { $day } { $month }
moment-date-of-year = { $date } { $year }
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

# What a lock covers, where it is no name.
scope-all = everything

# Lists of names: a, b or c.
list-and = { $before }, { $last }
list-or = { $before } or { $last }

# To whom something is granted.
grantee-everyone = everybody in the catalogue
grantee-on-call = whoever is on duty (now { $person })
grantee-on-call-nobody = whoever is on duty (now nobody)
grantee-owners = the owners of the service
grantee-owners-named = an owner of the service ({ $people })
grantee-role = the role { $role }
grantee-nobody = nobody

# Where a change stands.
doing-preparing = preparing
doing-applying = writing
doing-rolling = rolling out
doing-stabilizing = watching whether it stays good
doing-holding = stopping a failed rollout
doing-returning = going back
doing-parked = parked

nothing-more = Nothing more to do.
