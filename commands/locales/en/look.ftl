# /status
status-healthy = { $target } healthy: { $ready } of { $of } pods
status-healthy-restless = { $target }: { $ready } of { $of } pods ready, { $restarted } restarted lately
status-crashing = { $target } unwell: { $ready } of { $of } ready, { $crashing ->
    [one] 1 keeps
   *[other] { $crashing } keep
} crashing
status-waits-crashing = { $target } waits: { $ready } of { $of } ready, { $crashing ->
    [one] 1 keeps
   *[other] { $crashing } keep
} crashing
status-unwell = { $target } unwell: { $ready } of { $of } pods ready
status-stuck = { $target } unwell: { $ready } of { $of } ready, { $new } of them new
status-rolling = { $target } rolling out: { $ready } of { $of } ready, { $new } new
status-unfinished = { $how ->
    [stuck] The rollout of { $workload } doesn't get on: { $new } of { $of } pods of the new template are ready, earlier ones serve.
   *[moves] The rollout of { $workload } is not finished: { $new } of { $of } pods of the new template are ready. No open change of mine watches it.
}
status-missing = { $target }: { $workload } is missing
status-paused = { $target } paused: { $ready } of { $of } pods ready
status-waits = { $target } waits for a decision: { $ready } of { $of } serve
status-waits-unread = { $target } waits for a decision, cluster unread
status-blocked = { $target } can't be changed: { $ready } of { $of } pods ready
status-blocked-unread = { $target } can't be changed, cluster unread
status-no-pods = { $target } wants no pods
status-never-read = { $target }: never read until now
status-old = { $target }: my knowledge is { $age } old
status-running = Running: { $what }
status-wanted = The template asks for { $image }.
status-release = { $name } was verified by { $number } on { $at }
status-baseline = { $name } ran before { $number }; I never verified it
status-no-release = I have not shipped what runs now.
status-foreign = { $by } wrote what stands there, after { $number }.
status-foreign-at = { $by } wrote what stands there at { $at }, after { $number }.
status-left = What stands there was left by { $number }, and is not verified. Next: { $command } goes back.
status-open = { $number } is { $doing } · { $asked }
status-locked = locked by { $by } since { $since }, { $end }: { $reason }
status-question-rollback = { $number } waits for an answer until { $until }, then I roll back
status-question-hold = { $number } waits for an answer until { $until }; without one it stays as it is
status-autoscaled = { $workload }: { $desired } replicas (HPA { $min } to { $max })
status-last = Last change: { $number }, { $outcome }, { $at }
status-on-duty = On duty: { $person }
status-live = Live, as of { $at }
status-stale = As of { $at }; the cluster { $cluster } can't be read since.
status-unread = The cluster { $cluster } could not be read yet: it gives no answer. Next: my log says why.
status-first-look = { $target }: I am only starting to look
status-starting = I have only just begun to look at the cluster { $cluster }. Next: ask again in a moment.
status-forbidden = { $target }: I am not allowed to look
sight-right = { $cluster } doesn't let me { $verb } { $resource } in the namespace { $namespace }.
sight-right-wide = { $cluster } doesn't let me { $verb } { $resource }.
sight-said = { $cluster } refuses me: { $sentence }
sight-grant = Next: an admin grants it; deploy/kubernetes/rights.yaml has all the rights that I need.
sight-grant-said = Next: an admin looks at my credentials for it; deploy/kubernetes/rights.yaml has all the rights that I need.
status-missing-why = The config names { $workload }, but { $cluster } has no such Deployment in { $namespace }.

overview-all-healthy = { $count ->
    [one] 1 place, healthy
   *[other] { $count } places, all healthy
}
overview-moving = { $moving } of { $count } changing, the others are healthy
overview-some = { $bad ->
    [one] 1 of { $count } needs a look
   *[other] { $bad } of { $count } need a look
}
overview-nothing = Nothing to show: no service runs there
overview-nothing-next = Next: an admin adds services to rotabot.toml.
overview-row = { $target }: { $ready } of { $of } pods
overview-row-missing = { $target }: { $workload } is missing
overview-row-unread = { $target }: the cluster can't be read
overview-locked = locked by { $by }
overview-doing = { $number } { $doing }
overview-waits = { $number } waits for a decision
overview-crashing = { $crashing ->
    [one] 1 keeps
   *[other] { $crashing } keep
} crashing
overview-unfinished = rollout not finished: { $new } new ready
overview-paused = paused
overview-blocked = can't be changed
overview-more = { $count ->
    [one] 1 more is healthy
   *[other] { $count } more are healthy
}
overview-next = More about one: { $command }

# /now
now-quiet = All quiet
now-cant-tell = Can't tell: the cluster { $cluster } can't be read
now-first-look = I am only starting to look at { $cluster }
now-forbidden = Can't tell: I lack a right in { $cluster }
now-busy = { $counts }
now-broken = { $count } broken
now-in-motion = { $count } moving
now-waiting = { $count } waiting
now-unwritable = I can't write anything down
unwritable = I can't write anything down since { $since }{ $why ->
    [disk-full] : the disk of my data is full
   *[other] : my store takes nothing
}. No change begins, and those under way stand still in my hands, whatever the cluster goes on to do. Next: { $why ->
    [disk-full] make room on that disk; then I go on by myself.
   *[other] my log says why.
}
now-on-duty = On duty: { $person }
now-on-duty-you = On duty: you
now-on-duty-nobody = Nobody is on duty
now-waits-you = { $target } waits for you: { $number }, until { $until }
now-waits = { $target } waits for { $person }: { $number }, until { $until }
now-moving = { $target }: { $number } { $doing } for { $elapsed }
now-locked = { $scope } locked by { $by }: { $reason }
now-unread = The cluster { $cluster } can't be read since { $since }: I can't tell how { $places ->
    [one] 1 place is
   *[other] { $places } places are
}
now-never-read = The cluster { $cluster } was never read until now: I can't tell how { $places ->
    [one] 1 place is
   *[other] { $places } places are
}
now-not-allowed = { $right } I can't tell how { $places ->
    [one] 1 place is
   *[other] { $places } places are
}. { $grant }
now-paused = { $target }: { $number } stands still, paused by somebody since { $since }
now-paused-by = { $target }: { $number } stands still, paused by { $by } since { $since }
now-blind = { $target }: { $number } { $doing }; its cluster can't be read since { $since }
now-more = { $count ->
    [one] 1 more thing
   *[other] { $count } more things
}: { $status }, { $locks }

# /history
history-of = { $target }: what was changed
history-all = What was changed
history-none = Nothing was changed in that time
history-none-next = Nothing more to do.
history-since = Since { $since }
history-older = Older ones are shown by their number, as in { $command }
history-more = There is more: name the service, or go back less far, as in { $command }
history-next = More about one: { $command }
history-by = { $person }
history-by-typed = { $person } (typed by { $typist })
history-by-itself = by itself
history-deploy = deploy { $image }
history-rollback = rollback
history-rollback-to = rollback to { $image }
history-stop = asked to stop it
history-ended = { $outcome }
history-ended-image = { $image } { $outcome }
history-parked = parked
history-resumed = goes on
history-released = freed
history-locked = locked { $scope }: { $reason }
history-unlocked = unlocked { $scope } (was { $person }'s)
history-unlocked-unreadable = unlocked { $scope } (what was there could not be read)
history-left-as-is = answered “leave it”
history-lapsed = question off: somebody else acted
history-asked-again = asked again

# Outcomes in a word.
outcome-verified = verified
outcome-nothing-to-do = ran already
outcome-refused = refused, nothing changed
outcome-returned = failed, gone back
outcome-left = failed, left where it stood
outcome-return-failed = failed, and so did going back
outcome-cant-tell = can't tell
outcome-cancelled = stopped
outcome-superseded = overtaken by somebody else

# /show
show-when = Asked { $asked }
show-when-ended = Asked { $asked }, ended { $ended }

# plan
plan-deploy = Plan for { $target }: { $old } → { $new }
plan-rollback = Plan for { $target }: back to { $new }
plan-only = This is only a plan: nothing was changed.
plan-workload = { $workload }: { $old } → { $new } ({ $digest }), { $pods ->
    [one] 1 pod
   *[other] { $pods } pods
}
plan-workload-tag = { $workload }: { $old } → { $new } (by its tag), { $pods ->
    [one] 1 pod
   *[other] { $pods } pods
}
plan-workload-looked-up = { $workload }: { $old } → { $new } (its digest is looked up when it is done), { $pods ->
    [one] 1 pod
   *[other] { $pods } pods
}
plan-tag = Plan for { $target }: the tag { $new } runs already
plan-tag-why = When it is done, the registry is asked what the tag stands for. If that is what runs, nothing is written; if the tag has moved, the new image is rolled out.
plan-tag-under-way = Plan for { $target }: { $new } is being rolled out
plan-tag-under-way-why = When it is done, the registry is asked what the tag stands for. If the new pods report just that, it is refused while the rollout goes on; if they report another image, or none yet, what the tag stands for is rolled out.
plan-tag-unwell = What runs is not healthy: the same image once more would be refused.
plan-resumes = { $workload } is paused by an earlier change of mine; the pause is taken away.
plan-release = It is the release of { $number }, verified on { $at }.
plan-baseline = It is what ran before { $number }; I never verified it.
plan-differences = Beside images the pod template differs in: { $fields }
plan-template-kept = They stay as they are now. { $command } restores them too.
plan-template-restored = They are restored too.
plan-verified-when = Verified when all pods run it and stay good for { $window }.
plan-verified-at-once = Verified when all pods run it.
plan-who-may = Who may: { $people }
plan-locked = It would be refused now: { $scope } is locked by { $by }: { $reason }
plan-busy = It would be refused now: { $number } is under way.
plan-next = To do it: { $command }

button-history = History of { $target }
