lock-reason-withdrawn = { $image } { $how ->
    [failed] failed
    [rolled-back] was rolled back
   *[both] failed and was rolled back
} ({ $changes })
lock-end = until { $until }
lock-no-end = no end set
lock-row = { $scope }: { $reason } ({ $by }, { $since }, { $end })

locks-none = Nothing is locked
locks-count = { $count ->
    [one] 1 lock
   *[other] { $count } locks
}
locks-next = A lock is lifted with { $command }

lock-laid = { $scope } is locked now: nobody else deploys
lock-laid-all = Everything is locked now: nobody else deploys
lock-laid-why = Why: { $reason }
lock-laid-end = Locked by { $by } until { $until }; it ends by itself then.
lock-laid-no-end = Locked by { $by }, no end set.
lock-laid-replaces = It takes the place of { $by }'s lock since { $since }: { $reason }
lock-laid-under-way = Under way, and not stopped by it: { $changes }
lock-laid-refused = Still being prepared, and refused by it before anything is written: { $changes }
lock-laid-next = Nothing more to do. To lift it: { $command }

unlocked = { $scope } is open again
unlocked-all = The lock on everything is lifted
unlocked-in-part = { $scope } stays locked by another lock
unlocked-was = It was locked by { $by } since { $since }: { $reason }
unlocked-still = Still locked: { $lock }
unlocked-next = Nothing in the cluster was touched. Nothing more to do.
unlocked-unreadable = It could not be read: { $records }
