# A change, from "accepted" to its one outcome.

# Who asked.
asked-by = asked by { $person }
asked-by-on-duty = asked by { $person } (on duty)
asked-by-typed = asked by { $person } (typed by { $typist })
asked-by-timer = started by itself: nobody answered { $person }'s question
replaces = replaces { $old }
replaced = replaced { $old }

# Under way: first lines.
progress-preparing = { $target }: preparing { $new }
progress-preparing-rollback = { $target }: preparing to go back
progress-applying = { $target }: writing { $new }
progress-rolling = { $target } rolling out: { $done } of { $of } pods new
progress-rolling-back = { $target } going back: { $done } of { $of } pods new
progress-stabilizing = { $target }: { $of } of { $of } pods new, being watched
progress-holding = { $target } failed: stopping the rollout
progress-returning = { $target } failed: going back to { $old }
progress-blind = { $target } under way, but the cluster is unread
progress-paused = { $target } paused by somebody: { $done } of { $of } new
progress-parked = { $target } parked: { $number } can't go on

# Under way: what is done, doing, and to come.
step-image-done = image found: { $digest }
step-image-done-tag = image: { $new }, by its tag
step-image-doing = looking for the image and at what runs
step-apply-doing = writing to { $workload }
step-apply-later = write it
step-roll-done = rollout: { $done } of { $of } pods new
step-roll-doing = rollout: { $elapsed } · { $new } new ready, { $old } old serving
step-roll-unseen = rollout: { $elapsed } · waiting for the cluster to begin
step-roll-later = rollout
step-stable-doing = stable for { $window }: watching
step-stable-later = stable for { $window }
step-workload = { $workload }: { $done } of { $of } new, { $old } old serving
step-hold-doing = pausing what is not complete
step-return-doing = bringing { $old } back: { $done } of { $of } pods
step-return-check = asking the registry whether { $old } is still there
standstill-paused = { $workload } is paused since { $since }, and not by me: somebody may be in the middle of something.
standstill-paused-by = { $workload } is paused since { $since } by { $by }, not by me: somebody may be in the middle of something.
standstill-paused-clock = Nothing moves meanwhile, and my deadline stands still. If it stays so for { $patience }, I leave it as it is, as “can't tell”.
standstill-blind = I can't read the cluster { $cluster } since { $since }: what is told here was seen then.
standstill-blind-clock = That time doesn't count against the deadline, and I go on by myself as soon as I can.
stop-asked = { $by } asked to stop it at { $at }; the write in flight is settled first.
time-left = About { $left } left (usual { $usual }). The result comes as a message of its own.
time-over = It takes longer than usual ({ $usual }). The result comes as a message of its own.
time-unknown = The result comes as a message of its own.
if-fails-rollback = If it fails: I go back to { $old } by myself.
if-fails-rollback-unseen = If it fails: I go back by myself to what runs now, if all its pods are ready; if not, I stop the rollout where it stands, and ask.
if-fails-hold = If it fails: I stop the rollout where it stands, and lock.
if-fails-ask = If it fails: I stop the rollout where it stands, and ask.
if-fails-ask-unready = If it fails: I stop the rollout where it stands, and ask, for not all pods were ready before.
nothing-touched-yet = Nothing is touched yet.

# Good.
verified = { $target } verified: { $new } on { $pods } of { $pods } pods
verified-rollback = { $target } rolled back: { $new } on { $pods } of { $pods } pods
verified-next = { $who } Nothing more to do.
verified-match = All pods run the image that was asked for ({ $digest }).
verified-match-all = All pods run the images that were asked for.
verified-match-stable = All pods run the image that was asked for ({ $digest }), { $window } without a restart.
verified-no-registry = I can't tell whether it is the right digest: no registry is configured for it, so the tag was written as it is.
verified-not-reported = I can't tell whether it is the right digest: the nodes report none that can be compared.
verified-stable = All pods stayed good for { $window }.
rollback-locked = Locked because of { $old }: until the lock is lifted, nobody but { $by } can deploy here.
next-with-a-fix = Nothing more to do now. With a fix: { $unlock }, then { $command }
next-with-a-fix-open = Nothing more to do now. With a fix: { $command }
rollback-not-restored = ConfigMaps and Secrets stay as they are; a rollback doesn't touch them.
took = took { $took }
took-usual = took { $took } (usual { $usual })
nothing-to-do = { $target }: { $new } runs already
nothing-to-do-unnamed = { $target }: that runs already
nothing-to-do-why-open = It is healthy, so I wrote nothing.
nothing-to-do-why = It is healthy, so I wrote nothing. Nothing more to do.

# Bad: first lines.
failed-returned = { $target } { $ask ->
    [rollback] rollback failed
   *[deploy] failed
} · { $old } runs again
failed-old-serves = { $target } { $ask ->
    [rollback] rollback failed
   *[deploy] failed
} · { $old } serves, { $ready } of { $of } pods
failed-some-serve = { $target } { $ask ->
    [rollback] rollback failed
   *[deploy] failed
} · { $ready } of { $of } pods serve
failed-crashing = { $target } { $ask ->
    [rollback] rollback failed
   *[deploy] failed
} · { $ready } of { $of } ready, { $crashing ->
    [one] 1 keeps
   *[other] { $crashing } keep
} crashing
failed-none-serves = { $target } { $ask ->
    [rollback] rollback failed
   *[deploy] failed
} · no pod serves
failed-left = { $target } { $ask ->
    [rollback] rollback failed
   *[deploy] failed
} · left where it stood
failed-return = { $target } failed, and so did going back

# Bad: what now.
decide-rollback = { $who } Decide by { $until }, then I roll back. Until then I change nothing.
decide-hold = { $who } Decide by { $until }; without an answer it stays as it is. Until then I change nothing.
decide-again = I was away when the time ran out, so it is asked again.
reopened-rollback = { $who } The question of { $number } is open again: decide by { $until }, then I roll back.
reopened-hold = { $who } The question of { $number } is open again: decide by { $until }; without an answer it stays as it is.
question-closed = { $who } Its question is closed.
question-closed-by-time = { $who } Nobody had answered in time, so I acted: { $number } tells what came of it.
question-closed-by-change = { $who } Its question was answered by { $number }.
question-closed-lapsed = { $who } Its question is closed: somebody else has acted.
left-as-is = { $who } It stays as it is until you decide.
return-failed-next = { $who } This needs you now. I change nothing more.
not-returned-baseline = I don't go back by myself: not all pods were ready before, so it might not help.
not-returned-was-rollback = I never roll a failed rollback back by myself.
not-returned-image-gone = I can't go back: the registry no longer has the image that ran.
earlier-releases = Next: go back further with { $commands }
earlier-told-apart = { $command } ({ $name }, { $digest })
earlier-none = I know no earlier release to go back to. Next: ship an image that is there, { $command }
back-failed = Going back failed: { $why }
back-rejected = Going back failed: the cluster refused the write.
back-cant-tell = Going back can't be judged: { $why }

# Bad: why.
cause = Cause: { $what }
cause-pods = Cause: { $what } ({ $affected } of { $of })
cause-pods-all = Cause: { $what } (all { $of })
cause-kind = { $kind ->
    [pull] new pods can't pull their image
    [bad-image-name] the image's name is not valid
    [bad-config] new pods lack a ConfigMap, a Secret or a key
    [crash-loop] new pods crash again and again
    [out-of-memory] new pods are killed: they need more memory than they may have
    [crashed-after-ready] new pods get ready, then crash
    [turned-unready] new pods get ready, then turn unready
    [never-ready] new pods run, but don't get ready
    [unschedulable] new pods find no node to run on
    [not-created] no new pod is made: the cluster refuses
    [paused-by-somebody] somebody else paused it before I could write
    [stuck] the rollout stands still, and no pod shows why
   *[wrong-image] ready pods run another image than was asked for
}
cause-deadline = no further pod got ready for { $deadline }
cause-exit = exit code { $code }
cause-restarts = { $restarts ->
    [one] 1 restart since { $since }
   *[other] { $restarts } restarts since { $since }
}
cause-since = since { $since }
cause-paused = { $workload } is paused, and not by me: somebody may be in the middle of something.
cause-paused-by = { $workload } was paused by { $by }, not by me: somebody may be in the middle of something.
cause-paused-next = Ask around; { $command } resumes it.
cause-so-far = So far: { $what }
cause-logs = Its log: { $command }

# Bad: what runs, and who knows it.
running = Running: { $what }
running-image = { $image } on { $pods ->
    [one] 1 pod
   *[other] { $pods } pods
}
running-crashing = { $pods ->
    [one] 1 pod keeps
   *[other] { $pods } pods keep
} crashing ({ $times } restarts, the last at { $last })
running-none = no ready pod
running-of = { $workload }: { $what }
rollout-paused = rollout paused
rollout-not-paused = the cluster refused to pause the rollout
rollout-paused-by-somebody = somebody else paused the rollout
locked-word = locked
owner = Owner: { $people }
runbook = runbook
dashboard = dashboard
details-events = Events of { $pod }:
details-log = Last lines of { $pod }:

# Nobody knows.
cant-tell = Can't tell: { $target } { $why ->
    [no-pods] wants no pods
    [paused] was paused by somebody
    [released] was freed while parked
    [released-unsettled] was freed in mid-write
   *[gone] is gone from the cluster
}
cant-tell-why = { $why ->
    [no-pods] { $new } is written, but 0 pods are wanted, so there is nothing to verify.
    [paused] { $new } is written, but somebody else paused the rollout, and it stayed so for 30 min.
    [released] An admin freed it. What was written until then stays; I judge it no further.
    [released-unsettled] An admin freed it while a write of it was perhaps on its way: it may still arrive. Look before you change anything.
   *[gone] The workload is no longer there: somebody deleted it.
}
cant-tell-word = { $why ->
    [no-pods] no pods are wanted
    [paused] somebody else paused it
    [released] an admin freed it
    [released-unsettled] an admin freed it in the middle of a write
   *[gone] the workload is gone
}
cant-tell-left = { $who } It is left as it is: no release, no lock.
look-next = Next: { $command } shows what runs now.

# Stopped, overtaken.
cancelled = { $target }: { $number } stopped by { $by }
cancelled-untouched = Nothing was touched. Nothing more to do.
cancelled-untouched-open = Nothing was touched.
cancelled-rolls-on = { $who } It is no release. What is written stays: the cluster goes on with it by itself, and I no longer watch it. Go back with the button or { $command }
cancelled-left = { $who } It is left as it is: no release. Go back with the button or { $command }
left-row = { $workload }: { $what ->
    [untouched] not touched
    [written] { $new } is written
    [paused] { $new } is written, and the rollout is paused
    [not-paused] { $new } is written; the cluster refused the pause
    [paused-by-somebody] { $new } is written; somebody else paused the rollout
   *[returned] { $old } is written back
}
superseded = { $target }: somebody else changed it
superseded-gone = { $target }: somebody deleted { $workload }
superseded-how = { $how ->
    [template] { $workload } got another pod template while { $number } was under way. I leave theirs alone.
    [undone] What { $number } had written to { $workload } was undone. I don't write it again.
    [gone] { $workload } was deleted while { $number } was under way. I don't make it again.
   *[recreated] { $workload } was deleted and made anew while { $number } was under way. I leave it alone.
}
superseded-after-failure = { $number } had failed before that, so { $new } is locked all the same.
superseded-after-failure-open = { $number } had failed before that.
superseded-next = { $who } Find out who it was, then look with { $command } before you deploy again.

# Parked.
parked-cluster = I can't read the cluster { $cluster }, and stopped waiting for it at { $since }. I go on by myself as soon as I can.
parked-in-doubt = The cluster { $cluster } refuses what I write (since { $since }), and an earlier write may still arrive, so I can't tell how this ends. I go on by myself as soon as it takes my writes.
parked-record = I can't read a record that it needs. My log says more under { $number }.
parked-imported = It came from an export, and is not resumed by itself.
parked-claim = The record by which it holds { $target } is gone from my store, so I write and judge nothing more for it.
parked-claim-next = Others can change { $target } meanwhile. An admin ends this one with { $command }
parked-next = Until then nobody can change { $target } through me. An admin can free it with { $command }

# Questions.
question-lapsed = The question about { $number } is off
question-lapsed-why = { $target } is no longer as { $number } left it: somebody else has acted. I do nothing.
question-answered = { $target } stays as it is
question-answered-why = { $by } answered the question of { $number } with “leave it”.

# Answers to acts.

# Nothing was written.
refused-image-unknown = Nothing was changed: there is no image { $new }
refused-image-unknown-why = The registry has no { $image }.
refused-image-unknown-next = Next: check the tag, or wait for its build; then type { $command } again
gone = Nothing was changed: { $target } can't go back
gone-why = The registry no longer has { $image }.
promise-not-kept = { $who } I had said that I would go back, and could not. It stays as it is until you decide.
promise-not-kept-yet = I had said that I would go back, and could not at that time.
refused-registry-denied = Nothing was changed: the registry wants a login
refused-registry-denied-why = { $host } refuses my credentials, or wants some.
refused-registry-denied-next = Next: an admin sets the credentials of { $host } in rotabot.toml, and starts me again.
refused-registry-unreachable = Nothing was changed: the registry doesn't answer
refused-registry-unreachable-why = { $host } gave me no answer, so I don't know which digest the tag stands for.
refused-registry-unreachable-next = Next: try again in a minute. With a digest (sha256:…) instead of a tag I need no registry.
refused-cluster = Nothing was changed: the cluster can't be read
refused-cluster-why = { $cluster } doesn't answer, so I don't know what runs there.
refused-cluster-next = Next: try again when it answers; { $command } shows how old my knowledge is.
refused-forbidden = Nothing was changed: I lack a right in the cluster
refused-forbidden-why = { $cluster } says:
refused-forbidden-next = Next: an admin grants it (deploy/kubernetes/rights.yaml has all that I need); then type { $command } again
refused-rejected = Nothing was changed: the cluster refused the write
refused-rejected-why = About { $workload } it says:
refused-rejected-next = Next: a quota, a policy or a webhook is in the way; its owner can tell.
refused-missing = Nothing was changed: there is no { $workload }
refused-missing-why = The config names it for { $target }, but { $cluster } has no such Deployment in { $namespace }.
refused-missing-next = Next: create it, or correct its name in rotabot.toml.
refused-container = Nothing was changed: { $workload } lacks { $container }
refused-container-why = The config names the container { $container }; it has: { $has }
refused-container-next = Next: correct the container in rotabot.toml.
refused-paused = Nothing was changed: somebody paused { $workload }
refused-paused-why = It was not me, so somebody may be in the middle of something.
refused-paused-why-by = It was { $by }, not me, so somebody may be in the middle of something.
refused-paused-next = Next: ask around; { $command } resumes it.
refused-unhealthy = Nothing was changed: { $new } runs already, unwell
refused-unhealthy-why = Deploying the same image again would change nothing.
refused-unhealthy-next = Next: { $status } shows what is wrong; { $rollback } goes back.
refused-under-way = Nothing was changed: { $new } is being rolled out
refused-under-way-since = { $who ->
    [us] An earlier change of mine wrote it to { $workload } at { $at }, and watches it no longer.
   *[somebody] { $by } wrote it to { $workload } at { $at }; it is no change of mine.
}
refused-under-way-by = { $who ->
    [us] An earlier change of mine wrote it to { $workload }, and watches it no longer.
    [somebody] { $by } wrote it to { $workload }; it is no change of mine.
   *[nobody] I can't tell who wrote it to { $workload }; it is no open change of mine.
}
refused-under-way-far = So far { $ready } of { $of } pods of it are ready, and nothing shows that it fails.
refused-under-way-next = Next: wait for it; { $status } shows how far it is.
refused-nothing-to-return-to = Nothing was changed: nothing known to go back to
refused-unknown-release = Nothing was changed: { $named } never ran in { $target }
refused-unknown-release-next = Next: { $command } shows what was shipped there.
refused-no-earlier-image = Nothing was changed: { $earlier } has no { $workload }
refused-no-earlier-image-why = When { $earlier } ran, { $places } did not belong to { $target } yet: I know no image of it to go back to, and I don't bring half of a service back.
refused-no-earlier-image-next = Next: { $command } runs that tag everywhere, if its images are there.
refused-no-earlier-image-next-other = Next: name the image that you want: { $command }
refused-locked = Nothing was changed: { $target } was locked meanwhile
refused-locked-why = { $by } locked { $scope } while I was preparing: { $reason }
refused-locked-next = Next: ask { $by }, or lift it with { $command }
refused-moved = Nothing was changed: { $workload } was being changed
refused-moved-why = Somebody else changed it while I was preparing, so what I had looked at no longer holds.
refused-moved-next = Next: find out who it was, then type { $command } again

# Buttons.
button-rollback = Roll back to { $old }
button-rollback-digest = Roll back to { $old } ({ $digest })
button-leave = Leave it, keep locked
button-leave-open = Leave it as it is
