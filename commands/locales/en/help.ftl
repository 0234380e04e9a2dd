help-first = What you can type
help-first-command = How to use { $command }
help-more = More about one of them: { $command }
help-row = { $usage } — { $help }
help-argument = { $argument }: { $help }
help-example = Example: { $example }
help-words = Words in brackets may be left out.

command-deploy = Runs an image of a service, watches the rollout, and says whether it is good
command-deploy-service = The service
command-deploy-env = The environment
command-deploy-ref = The image: a tag such as v7, or a digest
command-deploy-plan = Only shows what would be done
command-deploy-example = /deploy api prod v7

command-rollback = Goes back to the last good release
command-rollback-service = The service
command-rollback-env = The environment
command-rollback-to = Goes to this one instead: a tag, a digest, or the number of the change that shipped it
command-rollback-template = Restores the whole pod template of that release, not its images alone
command-rollback-plan = Only shows what would be done
command-rollback-example = /rollback api prod to v6

command-stop = Stops the change that is under way
command-stop-service = The service
command-stop-env = The environment
command-stop-example = /stop api prod

command-status = Shows what runs, and whether it is well
command-status-service = The service; all of them if left out
command-status-env = The environment; all of them if left out
command-status-example = /status api prod

command-now = Who is on duty, what is broken, what moves, what waits for you, what is locked
command-now-example = /now

command-history = Shows what was changed, the newest first
command-history-service = The service; all of them if left out
command-history-env = The environment; all of them if left out
command-history-since = How far back, such as 7d
command-history-example = /history api prod since 7d

command-show = Shows one change with its cause and its evidence
command-show-number = The number of the change, such as #412
command-show-example = /show #412

command-lock = Keeps everybody else from deploying
command-lock-scope = What to lock: a service with its environment (api/prod), an environment, or all
command-lock-reason = Why; everybody who is refused reads it
command-lock-for = For how long, such as 2h; without it until it is lifted
command-lock-example = /lock api/prod bad commit for 2h

command-unlock = Lifts a lock; the cluster is not touched
command-unlock-scope = What to unlock
command-unlock-example = /unlock api/prod

command-locks = Shows what is locked, by whom and why
command-locks-example = /locks

command-change-release = Frees a target from a parked change, which then ends as “can't tell” (admins)
command-change-release-number = The number of the parked change
command-change-release-example = /change release #412

command-help = Explains the commands
command-help-command = The command; all of them if left out
command-help-example = /help deploy
