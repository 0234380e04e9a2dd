demo-first = Welcome to a shop of five services, staging and prod
demo-simulated = Its cluster, registry and channel are simulated; rotabot itself is real. Nothing is kept.
demo-try = Try { $good }, then { $break_it } and { $bad }. { $help } shows all commands, Tab completes, Ctrl-D ends.

demo-broken = The next new image of { $service } will misbehave
demo-way-crash = It gets ready, then crashes.
demo-way-never-ready = It runs, and never gets ready.
demo-way-pull = It can't be pulled.
demo-way-slow = It takes 15 seconds to get ready, and is good.
demo-broken-next = Next: { $command }

demo-help = Makes the next new release of a service misbehave; only this shop has it

demo-usage = Nothing was changed: that is not how it is typed
demo-usage-line = Next: { $usage }
demo-usage-services = Services: { $command }
