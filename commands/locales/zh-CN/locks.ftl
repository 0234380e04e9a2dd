lock-reason-withdrawn = { $image } { $how ->
    [failed] 发布失败
    [rolled-back] 已被回滚
   *[both] 发布失败，已回滚
}（{ $changes }）
lock-end = 到 { $until } 为止
lock-no-end = 未设到期时间
lock-row = { $scope }：{ $reason }（{ $by }，{ $since }，{ $end }）

locks-none = 没有任何锁定
locks-count = { $count } 个锁定
locks-next = 解锁请用 { $command }

lock-laid = { $scope } 已锁定：其他人不能发布
lock-laid-all = 已全部锁定：其他人不能发布
lock-laid-why = 原因：{ $reason }
lock-laid-end = { $by } 锁定，到 { $until } 自动解除。
lock-laid-no-end = { $by } 锁定，未设到期时间。
lock-laid-replaces = 取代了 { $by } 从 { $since } 起的锁定：{ $reason }
lock-laid-under-way = 以下变更正在进行，不会因此停止：{ $changes }
lock-laid-refused = 以下变更还在准备，写入之前会被它拒绝：{ $changes }
lock-laid-next = 不用再做什么。解锁请用 { $command }

unlocked = { $scope } 已解锁
unlocked-all = 全部范围的锁定已解除
unlocked-in-part = { $scope } 还有别的锁定
unlocked-was = 之前由 { $by } 从 { $since } 起锁定：{ $reason }
unlocked-still = 仍然锁定：{ $lock }
unlocked-next = 集群里没有任何改动。不用再做什么。
unlocked-unreadable = 那条锁定读不出来：{ $records }
