# /status
status-healthy = { $target } 正常：{ $ready }/{ $of } 个 Pod
status-healthy-restless = { $target }：{ $ready }/{ $of } 个 Pod 就绪，{ $restarted } 个刚重启过
status-crashing = { $target } 不正常：{ $ready }/{ $of } 就绪，{ $crashing } 个反复崩溃
status-waits-crashing = { $target } 等待决定：{ $ready }/{ $of } 就绪，{ $crashing } 个反复崩溃
status-unwell = { $target } 不正常：{ $ready }/{ $of } 个 Pod 就绪
status-stuck = { $target } 不正常：{ $ready }/{ $of } 就绪，其中新 Pod { $new } 个
status-rolling = { $target } 发布中：{ $ready }/{ $of } 就绪，新 Pod { $new } 个
status-unfinished = { $how ->
    [stuck] { $workload } 的滚动更新没有进展：新模板的 Pod 有 { $new }/{ $of } 个就绪，由旧 Pod 在服务。
   *[moves] { $workload } 的滚动更新还没完成：新模板的 Pod 有 { $new }/{ $of } 个就绪。我没有变更在跟踪它。
}
status-missing = { $target }：{ $workload } 不存在
status-paused = { $target } 已暂停：{ $ready }/{ $of } 个 Pod 就绪
status-waits = { $target } 等待决定：{ $ready }/{ $of } 个 Pod 在服务
status-waits-unread = { $target } 等待决定，读不到集群
status-blocked = { $target } 不能改动：{ $ready }/{ $of } 个 Pod 就绪
status-blocked-unread = { $target } 不能改动，读不到集群
status-no-pods = { $target } 没有要求任何 Pod
status-never-read = { $target }：还没有读到过
status-old = { $target }：数据是 { $age }前的
status-running = 线上现状：{ $what }
status-wanted = 模板要求的是 { $image }。
status-release = { $name } 由 { $number } 在 { $at } 验证通过
status-baseline = { $name } 是 { $number } 之前运行的版本，我没有验证过
status-no-release = 现在运行的版本不是我发布的。
status-foreign = 现在的版本是 { $by } 在 { $number } 之后写入的。
status-foreign-at = 现在的版本是 { $by } 在 { $number } 之后、{ $at } 写入的。
status-left = 现在的样子是 { $number } 留下的，没有验证过。下一步：用 { $command } 回滚。
status-open = { $number } { $doing } · { $asked }
status-locked = { $by } 从 { $since } 起锁定，{ $end }：{ $reason }
status-question-rollback = { $number } 在 { $until } 前等待回答，到时我会回滚
status-question-hold = { $number } 在 { $until } 前等待回答，没有回答就保持不动
status-autoscaled = { $workload }：{ $desired } 个副本（HPA { $min } 到 { $max }）
status-last = 最近一次变更：{ $number }，{ $outcome }，{ $at }
status-on-duty = 值班：{ $person }
status-live = 实时数据，{ $at }
status-stale = 数据截至 { $at }；此后读不到集群 { $cluster }。
status-unread = 还没有读到集群 { $cluster }：它没有回应。下一步：原因见我的日志。
status-first-look = { $target }：我刚开始读取
status-starting = 我刚开始读取集群 { $cluster }。下一步：稍等片刻再问。
status-forbidden = { $target }：我没有读取的权限
sight-right = 集群 { $cluster } 不允许我在命名空间 { $namespace } 里对 { $resource } 执行 { $verb }。
sight-right-wide = 集群 { $cluster } 不允许我对 { $resource } 执行 { $verb }。
sight-said = 集群 { $cluster } 拒绝了我：{ $sentence }
sight-grant = 下一步：请管理员授予这项权限；我需要的全部权限都在 deploy/kubernetes/rights.yaml 里。
sight-grant-said = 下一步：请管理员检查我的凭据；我需要的全部权限都在 deploy/kubernetes/rights.yaml 里。
status-missing-why = 配置里写的是 { $workload }，但 { $cluster } 的 { $namespace } 里没有这个 Deployment。

overview-all-healthy = { $count } 处，全部正常
overview-moving = { $count } 处中有 { $moving } 处在变更，其余正常
overview-some = { $count } 处中有 { $bad } 处要看一看
overview-nothing = 没有可以显示的：那里没有服务
overview-nothing-next = 下一步：请管理员在 rotabot.toml 里添加服务。
overview-row = { $target }：{ $ready }/{ $of } 个 Pod
overview-row-missing = { $target }：{ $workload } 不存在
overview-row-unread = { $target }：读不到集群
overview-locked = { $by } 锁定
overview-doing = { $number } { $doing }
overview-waits = { $number } 等待决定
overview-crashing = { $crashing } 个 Pod 反复崩溃
overview-unfinished = 滚动更新未完成：新 Pod { $new } 个就绪
overview-paused = 已暂停
overview-blocked = 不能改动
overview-more = 另外 { $count } 处正常
overview-next = 查看其中一个：{ $command }

# /now
now-quiet = 一切正常
now-cant-tell = 无法判断：读不到集群 { $cluster }
now-first-look = 我刚开始读取集群 { $cluster }
now-forbidden = 无法判断：我在集群 { $cluster } 缺少权限
now-busy = { $counts }
now-broken = { $count } 处异常
now-in-motion = { $count } 个变更进行中
now-waiting = { $count } 个等待决定
now-unwritable = 我什么都写不下来
unwritable = 从 { $since } 起我什么都写不下来{ $why ->
    [disk-full] ：我的数据盘满了
   *[other] ：我的存储不接受写入
}。新的变更无法开始，进行中的变更在我这里停住，集群自己会继续它的动作。下一步：{ $why ->
    [disk-full] 在那块盘上腾出空间，之后我会自动继续。
   *[other] 原因见我的日志。
}
now-on-duty = 值班：{ $person }
now-on-duty-you = 值班：你
now-on-duty-nobody = 现在没有人值班
now-waits-you = { $target } 等你决定：{ $number }，到 { $until }
now-waits = { $target } 等 { $person } 决定：{ $number }，到 { $until }
now-moving = { $target }：{ $number } { $doing }，已 { $elapsed }
now-locked = { $by } 锁定了 { $scope }：{ $reason }
now-unread = 从 { $since } 起读不到集群 { $cluster }：无法判断那里的 { $places } 处现状
now-never-read = 集群 { $cluster } 还没有读到过：无法判断那里的 { $places } 处现状
now-not-allowed = { $right }无法判断那里的 { $places } 处现状。{ $grant }
now-paused = { $target }：{ $number } 停住了，{ $since } 起被别人暂停
now-paused-by = { $target }：{ $number } 停住了，{ $since } 起被 { $by } 暂停
now-blind = { $target }：{ $number } { $doing }；{ $since } 起读不到它的集群
now-more = 另有 { $count } 项：{ $status }、{ $locks }

# /history
history-of = { $target } 的变更
history-all = 做过的变更
history-none = 这段时间没有任何变更
history-none-next = 不用再做什么。
history-since = 从 { $since } 起
history-older = 更早的变更按编号查看，例如 { $command }
history-more = 还有更多：请写明服务或缩短时间，例如 { $command }
history-next = 查看其中一个：{ $command }
history-by = { $person }
history-by-typed = { $person }（由 { $typist } 输入）
history-by-itself = 自动
history-deploy = 发布 { $image }
history-rollback = 回滚
history-rollback-to = 回滚到 { $image }
history-stop = 要求停止
history-ended = { $outcome }
history-ended-image = { $image } { $outcome }
history-parked = 搁置
history-resumed = 继续
history-released = 释放
history-locked = 锁定 { $scope }：{ $reason }
history-unlocked = 解锁 { $scope }（原由 { $person } 锁定）
history-unlocked-unreadable = 解锁 { $scope }（那里的记录读不出来）
history-left-as-is = 回答“先不动”
history-lapsed = 问题作废：有别人动过
history-asked-again = 再问一次

# 结果的简称
outcome-verified = 验证通过
outcome-nothing-to-do = 早已在运行
outcome-refused = 被拒绝，没有改动
outcome-returned = 失败，已恢复
outcome-left = 失败，停在原处
outcome-return-failed = 失败，回滚也失败
outcome-cant-tell = 无法判断
outcome-cancelled = 已停止
outcome-superseded = 被别人改动

# /show
show-when = { $asked } 发起
show-when-ended = { $asked } 发起，{ $ended } 结束

# plan
plan-deploy = { $target } 的计划：{ $old } → { $new }
plan-rollback = { $target } 的计划：回到 { $new }
plan-only = 这只是计划：线上没有任何改动。
plan-workload = { $workload }：{ $old } → { $new }（{ $digest }），{ $pods } 个 Pod
plan-workload-tag = { $workload }：{ $old } → { $new }（只按标签），{ $pods } 个 Pod
plan-workload-looked-up = { $workload }：{ $old } → { $new }（执行时再查摘要），{ $pods } 个 Pod
plan-tag = { $target } 的计划：标签 { $new } 已在运行
plan-tag-why = 执行时会问镜像仓库这个标签对应哪个镜像：如果就是正在运行的，什么都不写入；如果标签已经移动，就发布新的镜像。
plan-tag-under-way = { $target } 的计划：{ $new } 正在发布中
plan-tag-under-way-why = 执行时会问镜像仓库这个标签对应哪个镜像：如果新 Pod 报告的就是它，发布期间会被拒绝；如果报告的是别的镜像，或还没有报告，就发布这个标签对应的镜像。
plan-tag-unwell = 现在运行的不正常：再发布同一个镜像会被拒绝。
plan-resumes = { $workload } 因为我之前的变更而暂停，会一并取消暂停。
plan-release = 这是 { $number } 发布的版本，{ $at } 验证通过。
plan-baseline = 这是 { $number } 之前运行的版本，我没有验证过。
plan-differences = 除镜像外，Pod 模板还有这些不同：{ $fields }
plan-template-kept = 它们保持现状。{ $command } 会一并恢复。
plan-template-restored = 它们也会恢复。
plan-verified-when = 所有 Pod 都运行它并在 { $window }内保持正常，才算验证通过。
plan-verified-at-once = 所有 Pod 都运行它，就算验证通过。
plan-who-may = 谁可以：{ $people }
plan-locked = 现在会被拒绝：{ $by } 锁定了 { $scope }：{ $reason }
plan-busy = 现在会被拒绝：{ $number } 正在进行。
plan-next = 执行请输入：{ $command }

button-history = { $target } 的历史
