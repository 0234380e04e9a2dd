# Refusals begin with "Nothing was changed", then say the rule, since when and by whom, who can lift it, and what to do.

# What was typed.
refusal-nothing-typed = Nothing was changed: no command was given
refusal-unknown-command = Nothing was changed: no command is called { $typed }
refusal-did-you-mean = Did you mean { $command }?
refusal-all-commands = All commands: { $command }
refusal-missing-argument = Nothing was changed: { $command } needs { $argument }
refusal-missing-value = Nothing was changed: a value is missing after “{ $argument }”
refusal-argument = { $argument }: { $help }
refusal-usage = Usage: { $usage }
refusal-example = Example: { $example }
refusal-unknown-option = Nothing was changed: { $command } knows no { $typed }
refusal-did-you-mean-option = Did you mean { $option }?
refusal-too-much = Nothing was changed: { $command } can't use “{ $extra }”
refusal-given-twice = Nothing was changed: { $argument } was given twice
refusal-bad-value = Nothing was changed: “{ $value }” is { $kind ->
    [service] no name of a service
    [environment] no name of an environment
    [reference] no tag and no digest
    [earlier] no tag, digest or number
    [number] no number of a change
    [scope] nothing to lock
    [reason] too long for a reason
    [period] no length of time
   *[other] not understood
}
refusal-bad-value-rule = { $kind ->
    [service] Names have small letters, digits, “-” and “.” only, and at most 63 characters.
    [environment] Names have small letters, digits, “-” and “.” only, and at most 63 characters.
    [reference] Give a tag such as v7 or 9f3c2ab, or a digest: sha256: and 64 hex digits.
    [earlier] Give a tag such as v7, a digest, or the number of the change that shipped it, such as #412.
    [number] Numbers look like #412; /history shows them.
    [scope] Give a service with its environment such as api/prod, an environment such as prod, or all.
    [reason] A reason has at most 200 characters.
    [period] Give a number with its unit, such as 30m, 2h, 7d or 1h30m; at most 400 days.
   *[other] Look at the example.
}
refusal-quote-reason = If that belongs to the reason, put the reason in quotes.

# Names.
refusal-unknown-service = Nothing was changed: no service is called { $typed }
refusal-unknown-environment = Nothing was changed: no environment is called { $typed }
refusal-did-you-mean-name = Did you mean { $name }?
refusal-type = Next: type { $command }
refusal-services = Next: { $command } lists all services
refusal-environments = Environments: { $known }
refusal-not-there = Nothing was changed: { $service } doesn't run in { $env }
refusal-runs-in = It runs in: { $known }
refusal-runs-nowhere = The config has no environment for it.
refusal-unknown-change = Nothing was changed: there is no change { $number }
refusal-newest-change = The newest is { $number }. { $command } lists them.
refusal-no-change-yet = There has been no change yet.
refusal-forgotten-change = Nothing was changed: I no longer know that change
refusal-forgotten-change-next = Next: { $command } lists the changes that I know.

# Who speaks.
refusal-unknown-person = Nothing was changed: I don't know who you are
refusal-unknown-unix = You come as the user “{ $user }” of this machine, and no person in the config has that name.
refusal-unknown-unix-next = Next: add unix = "{ $user }" to your person in rotabot.toml, or ask an admin to.
refusal-unknown-name = Nobody in the config is called “{ $name }”.
refusal-unknown-name-next = Next: look for the right name under [people] in rotabot.toml.
refusal-left = Nothing was changed: { $person } has left
refusal-left-why = According to the config { $person } left on { $day }. Whoever has left may do nothing here.
refusal-left-next = Next: if that is wrong, an admin corrects “left” in rotabot.toml.
refusal-may-not-speak-for = Nothing was changed: you can't speak for { $person }
refusal-may-not-speak-for-why = Only the names under “as” of [console] in rotabot.toml can be spoken for.

# Who may.
refusal-not-allowed = Nothing was changed: you may not { $action ->
    [view] look at
    [deploy] deploy
    [rollback] roll back
    [stop] stop changes of
    [lock] lock
    [unlock] unlock
   *[release] free changes of
} { $scope }
refusal-who-may = Who may: { $people }
refusal-ask-on-call = Next: ask { $person }, who is on duty, to type { $command }
refusal-ask-one = Next: ask one of them to type { $command }
refusal-ask-admin = Next: an admin can grant it under “allow” of the environment in rotabot.toml.
refusal-could-not-check = Nothing was changed: I can't check what you may do
refusal-could-not-check-why = That is my fault, not yours. My log says more under { $reference }.
refusal-try-again = Next: try again in a minute.
refusal-watch-only = Nothing was changed: I only watch { $env }
refusal-watch-only-why = Its mode in the config is “watch”: I only look there, and write nothing.
refusal-watch-only-next = Next: ship it the way you do today; { $command } shows what runs.

# What stands in the way.
refusal-locked = Nothing was changed: { $target } is locked
refusal-locked-widely = Nothing was changed: { $scope } is locked
refusal-why = Why: { $reason }
refusal-lock-since = Since: { $since }, by { $by }, { $end }
refusal-who-can-lift = Who can lift it: { $people }
refusal-locked-fix-you = Next: if { $wanted } has the fix, type { $unlock } and then { $command }
refusal-locked-fix-ask = Next: if { $wanted } has the fix, ask { $person } to type { $unlock }, then type { $command }
refusal-locked-same-you = Next: { $wanted } is what failed. With a fix, type { $unlock } and then { $command }
refusal-locked-same-ask = Next: { $wanted } is what failed. With a fix, ask { $person } to type { $unlock }, then type { $command }
refusal-locked-wait-you = Next: if it can't wait, type { $unlock } and then { $command }
refusal-locked-wait-ask = Next: if it can't wait, ask { $person } to type { $unlock }, then type { $command }
refusal-busy = Nothing was changed: { $target } is busy with { $number }
refusal-busy-who = { $by } asked for { $number } at { $since }; now: { $doing }.
refusal-busy-parked = { $by } asked for { $number } at { $since }. It is parked: I can't go on with it for now.
refusal-busy-next = Next: wait for its result, or stop it with { $command }
refusal-busy-next-parked = Next: { $show } says why; an admin can free it with { $command }
refusal-nothing-to-stop = Nothing was changed: nothing moves in { $target }
refusal-last-change = The last change there was { $number }.
refusal-too-late-to-stop = Nothing was changed: { $number } is { $doing }
refusal-too-late-to-stop-why = It failed, and what it does now brings { $target } to rest. That can't be stopped halfway.
refusal-wait = Next: wait for its result.

# Going back.
refusal-nothing-to-go-back-to-why = I know no earlier good release of { $target }: I shipped none yet, or all were withdrawn.
refusal-nothing-to-go-back-to-next = Next: name the image that you want: { $command }

# Locks and parked changes.
refusal-not-locked = Nothing was changed: { $scope } is not locked
refusal-locked-near = Locked are: { $scopes }
refusal-lock-held = Nothing was changed: { $scope } is locked already
refusal-not-parked = Nothing was changed: { $number } is not parked
refusal-not-parked-doing = It is { $doing }. { $command } would stop it.
refusal-not-parked-ended = It has its outcome: { $command }
refusal-press-too-late = Nothing was changed: that button is out of date
refusal-press-too-late-why = { $target } has moved on since { $number }.
refusal-press-too-late-next = Next: { $command } shows what runs now.
refusal-store = Nothing was changed: I can't write anything down
refusal-store-why = My store takes nothing right now, so I start nothing. My log says more under { $reference }.
refusal-store-next = Next: look at the disk of the bot's machine, then try again.
refusal-unreadable = Nothing was changed: I can't read one of my records

# Records that can't be read.
unreadable-what = { $scope }: I can't read { $what ->
    [change] { $number }, which holds it
    [question] the question that is open there
    [lock] the lock on it
    [withdrawn] what must not be gone back to there
   *[claim] which change holds it
} ({ $key })
unreadable-next-release = Nothing can be changed there until an admin types { $command }
unreadable-next-lock = Nobody can deploy or roll back there until it is lifted with { $command }
unreadable-next-left = Nobody can deploy there until it is lifted with { $command }
unreadable-next-withdrawn = Say where to go back to, with { $rollback }, or take the record away with { $command }
unreadable-next-log = Nothing can be changed there. Next: an admin looks into my log.
unreadable-next-other = Next: an admin looks there.
unreadable-shown = I can't read the record of { $number }
unreadable-shown-why = It holds nothing up. What the journal still tells of it:
unreadable-log = My log says more under { $reference }.
freed = { $target } can be changed again
freed-what = Taken away, because it or its change could not be read: { $records }
freed-next = Nothing in the cluster was touched. Next: look at what runs before you change anything: { $command }

# What had been done before.
already-stopped = { $number } was already stopped
already-freed = { $number } was already freed
already-left = { $target } already stays as it is
already-unlocked = { $scope } was already unlocked
already-by = By { $by }, { $ago } ago. Nothing was changed now.
already-by-time = Nobody answered { $number } in time, { $ago } ago. Nothing was changed now.
already-show = Nothing more to do. What came of it: { $command }
already-status = Nothing more to do. What runs now: { $command }

# Not a refusal: nobody knows.
unsure = I can't tell whether that was done
unsure-why = My store failed while I was writing it down, so I stop. My log says more under { $reference }.
unsure-next = Next: once I am back, look with { $command } before you try again.

# Buttons.
button-show = Show { $number }
button-stop = Stop { $number }
button-status = Status of { $target }
button-unlock = Unlock { $target }
