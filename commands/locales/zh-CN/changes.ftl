# 变更：从受理到唯一的结果。

# 谁发起
asked-by = { $person } 发起
asked-by-on-duty = { $person } 发起（值班）
asked-by-typed = { $person } 发起（由 { $typist } 输入）
asked-by-timer = 自动开始：{ $person } 的问题无人回答
replaces = 替换 { $old }
replaced = 替换了 { $old }

# 进行中：首行
progress-preparing = { $target } 准备发布 { $new }
progress-preparing-rollback = { $target } 准备回滚
progress-applying = { $target } 正在写入 { $new }
progress-rolling = { $target } 发布中：新 Pod { $done }/{ $of }
progress-rolling-back = { $target } 回滚中：新 Pod { $done }/{ $of }
progress-stabilizing = { $target } 新 Pod { $of }/{ $of }，稳定观察中
progress-holding = { $target } 失败，正在暂停
progress-returning = { $target } 发布失败，正在回滚到 { $old }
progress-blind = { $target } 进行中，但读不到集群
progress-paused = { $target } 被别人暂停：新 Pod { $done }/{ $of }
progress-parked = { $target } 已搁置：{ $number } 无法继续

# 进行中：已完成、正在做、还要做
step-image-done = 镜像已确定：{ $digest }
step-image-done-tag = 镜像：{ $new }（只按标签）
step-image-doing = 正在确定镜像并查看线上现状
step-apply-doing = 正在写入 { $workload }
step-apply-later = 写入
step-roll-done = 滚动更新：新 Pod { $done }/{ $of }
step-roll-doing = 滚动更新：{ $elapsed } · 新 { $new } 个就绪，旧 { $old } 个在服务
step-roll-unseen = 滚动更新：{ $elapsed } · 等集群开始
step-roll-later = 滚动更新
step-stable-doing = 稳定观察 { $window }：进行中
step-stable-later = 稳定观察 { $window }
step-workload = { $workload }：新 { $done }/{ $of }，旧 { $old } 个在服务
step-hold-doing = 正在暂停未完成的滚动更新
step-return-doing = 正在恢复 { $old }：{ $done }/{ $of } 个 Pod
step-return-check = 正在向镜像仓库确认 { $old } 还在不在
standstill-paused = { $workload } 从 { $since } 起处于暂停状态，不是我做的：可能有人正在操作。
standstill-paused-by = { $workload } 从 { $since } 起被 { $by } 暂停，不是我做的：可能有人正在操作。
standstill-paused-clock = 这期间什么都不会动，我的时限也停着。如果一直这样 { $patience }，我就按“无法判断”结束，保持原样。
standstill-blind = 从 { $since } 起我读不到集群 { $cluster }：这里显示的是当时看到的。
standstill-blind-clock = 这段时间不计入时限，一能读到我就自己继续。
stop-asked = { $by } 在 { $at } 要求停止；先等写入中的请求落定。
time-left = 大约还要 { $left }（平时 { $usual }），有结果会另发消息。
time-over = 比平时（{ $usual }）久，有结果会另发消息。
time-unknown = 有结果会另发消息。
if-fails-rollback = 如果失败：我会自动回滚到 { $old }。
if-fails-rollback-unseen = 如果失败：现在的 Pod 都就绪的话，我会自动回滚到现在的版本；否则先暂停在原处，再问你。
if-fails-hold = 如果失败：先暂停在原处，并锁定。
if-fails-ask = 如果失败：先暂停在原处，再问你。
if-fails-ask-unready = 如果失败：先暂停在原处，再问你，因为之前就不是所有 Pod 都就绪。
nothing-touched-yet = 现在还没有任何改动。

# 成功
verified = { $target } 验证通过：{ $pods }/{ $pods } 个 Pod 运行 { $new }
verified-rollback = { $target } 已回滚：{ $pods }/{ $pods } 个 Pod 运行 { $new }
verified-next = { $who } 不用再做什么。
verified-match = 所有 Pod 运行的都是要求的镜像（{ $digest }）。
verified-match-all = 所有 Pod 运行的都是要求的镜像。
verified-match-stable = 所有 Pod 运行的都是要求的镜像（{ $digest }），{ $window }无重启。
verified-no-registry = 无法判断摘要是否正确：没有为它配置镜像仓库，标签是原样写入的。
verified-not-reported = 无法判断摘要是否正确：节点没有报告可以比对的摘要。
verified-stable = 所有 Pod 在 { $window }内保持正常。
rollback-locked = 因 { $old } 锁定：解锁之前，除 { $by } 外没有人能在这里发布。
next-with-a-fix = 现在不用再做什么。修好之后：先 { $unlock }，再 { $command }
next-with-a-fix-open = 现在不用再做什么。修好之后：{ $command }
rollback-not-restored = 回滚不会改动 ConfigMap 和 Secret，它们保持原样。
took = 用时 { $took }
took-usual = 用时 { $took }（平时 { $usual }）
nothing-to-do = { $target } 已经在运行 { $new }
nothing-to-do-unnamed = { $target } 已经在运行这个版本
nothing-to-do-why-open = 它运行正常，所以没有写入任何东西。
nothing-to-do-why = 它运行正常，所以没有写入任何东西。不用再做什么。

# 失败：首行
failed-returned = { $target } { $ask ->
    [rollback] 回滚失败
   *[deploy] 发布失败
} · 已恢复 { $old }
failed-old-serves = { $target } { $ask ->
    [rollback] 回滚失败
   *[deploy] 发布失败
} · { $old } 在服务（{ $ready }/{ $of }）
failed-some-serve = { $target } { $ask ->
    [rollback] 回滚失败
   *[deploy] 发布失败
} · { $ready }/{ $of } 个 Pod 在服务
failed-crashing = { $target } { $ask ->
    [rollback] 回滚失败
   *[deploy] 发布失败
} · { $ready }/{ $of } 就绪，{ $crashing } 个反复崩溃
failed-none-serves = { $target } { $ask ->
    [rollback] 回滚失败
   *[deploy] 发布失败
} · 没有 Pod 在服务
failed-left = { $target } { $ask ->
    [rollback] 回滚失败
   *[deploy] 发布失败
} · 停在原处
failed-return = { $target } 发布失败，回滚也失败了

# 失败：现在怎么办
decide-rollback = { $who } 请在 { $until } 前决定，到时我会回滚。在此之前我不做改动。
decide-hold = { $who } 请在 { $until } 前决定；没有回答就保持不动。在此之前我不做改动。
decide-again = 到时间时我不在线，所以再问一次。
reopened-rollback = { $who } { $number } 的问题仍在等待回答：请在 { $until } 前决定，到时我会回滚。
reopened-hold = { $who } { $number } 的问题仍在等待回答：请在 { $until } 前决定；没有回答就保持不动。
question-closed = { $who } 它的问题已经了结。
question-closed-by-time = { $who } 到时间没有人回答，所以我动手了：结果见 { $number }。
question-closed-by-change = { $who } 它的问题已由 { $number } 回答。
question-closed-lapsed = { $who } 它的问题已经了结：有别人动过了。
left-as-is = { $who } 保持不动，等你决定。
return-failed-next = { $who } 现在需要你处理。我不再做任何改动。
not-returned-baseline = 我没有自动回滚：之前就不是所有 Pod 都就绪，回滚未必有用。
not-returned-was-rollback = 回滚失败后，我不会自动再回滚。
not-returned-image-gone = 无法回滚：镜像仓库里已经没有原来的镜像。
earlier-releases = 下一步：回滚到更早的版本，{ $commands }
earlier-told-apart = { $command }（{ $name }，{ $digest }）
earlier-none = 没有已知的更早版本可以回滚。下一步：发布一个还在的镜像，{ $command }
back-failed = 回滚失败：{ $why }
back-rejected = 回滚失败：集群拒绝写入。
back-cant-tell = 无法判断回滚结果：{ $why }

# 失败：原因
cause = 原因：{ $what }
cause-pods = 原因：{ $what }（{ $of } 个中有 { $affected } 个）
cause-pods-all = 原因：{ $what }（{ $of } 个全部如此）
cause-kind = { $kind ->
    [pull] 新 Pod 拉取不到镜像
    [bad-image-name] 镜像名不合法
    [bad-config] 新 Pod 缺少 ConfigMap、Secret 或其中的键
    [crash-loop] 新 Pod 反复崩溃
    [out-of-memory] 新 Pod 内存超限被杀
    [crashed-after-ready] 新 Pod 就绪后崩溃
    [turned-unready] 新 Pod 就绪后又变为未就绪
    [never-ready] 新 Pod 在运行，但一直没有就绪
    [unschedulable] 新 Pod 找不到可用的节点
    [not-created] 新 Pod 没有创建出来：集群拒绝
    [paused-by-somebody] 我写入之前，它被别人暂停了
    [stuck] 滚动更新停住了，从 Pod 上看不出原因
   *[wrong-image] 就绪的 Pod 运行的不是要求的镜像
}
cause-deadline = { $deadline }内没有更多 Pod 就绪
cause-exit = 退出码 { $code }
cause-restarts = { $since } 起重启 { $restarts } 次
cause-since = { $since } 起
cause-paused = { $workload } 被暂停，不是我做的：可能有人正在操作。
cause-paused-by = { $workload } 被 { $by } 暂停，不是我做的：可能有人正在操作。
cause-paused-next = 先问一问；{ $command } 可以恢复它。
cause-so-far = 目前看到：{ $what }
cause-logs = 它的日志：{ $command }

# 失败：线上现状和负责人
running = 线上现状：{ $what }
running-image = { $pods } 个 Pod 运行 { $image }
running-crashing = { $pods } 个 Pod 反复崩溃（重启 { $times } 次，最近一次 { $last }）
running-none = 没有就绪的 Pod
running-of = { $workload }：{ $what }
rollout-paused = 滚动更新已暂停
rollout-not-paused = 集群拒绝暂停滚动更新
rollout-paused-by-somebody = 滚动更新被别人暂停
locked-word = 已锁定
owner = 负责人：{ $people }
runbook = 处理手册
dashboard = 监控面板
details-events = { $pod } 的事件：
details-log = { $pod } 的最后几行日志：

# 无法判断
cant-tell = 无法判断：{ $target } { $why ->
    [no-pods] 没有要求任何 Pod
    [paused] 被人暂停
    [released] 在搁置中被释放
    [released-unsettled] 在写入途中被释放
   *[gone] 已从集群消失
}
cant-tell-why = { $why ->
    [no-pods] { $new } 已写入，但要求的 Pod 数是 0，没有可以验证的东西。
    [paused] { $new } 已写入，但滚动更新被别人暂停，并持续了 30 分钟。
    [released] 管理员释放了它。已经写入的保持原样，我不再判断。
    [released-unsettled] 管理员释放它时，可能还有一次写入在途中，之后仍可能生效。改动之前请先看一下现状。
   *[gone] 工作负载已不存在：有人删除了它。
}
cant-tell-word = { $why ->
    [no-pods] 没有要求任何 Pod
    [paused] 被别人暂停
    [released] 被管理员释放
    [released-unsettled] 在写入途中被管理员释放
   *[gone] 工作负载已不存在
}
cant-tell-left = { $who } 保持原样：不算发布成功，也不锁定。
look-next = 下一步：用 { $command } 看线上现状。

# 停止、被取代
cancelled = { $target }：{ $by } 停止了 { $number }
cancelled-untouched = 没有任何改动。不用再做什么。
cancelled-untouched-open = 没有任何改动。
cancelled-rolls-on = { $who } 不算发布成功。已写入的内容保留：集群会自行继续滚动更新，我不再跟踪。可以用按钮或 { $command } 回滚
cancelled-left = { $who } 保持原样：不算发布成功。可以用按钮或 { $command } 回滚
left-row = { $workload }：{ $what ->
    [untouched] 没有改动
    [written] 已写入 { $new }
    [paused] 已写入 { $new }，滚动更新已暂停
    [not-paused] 已写入 { $new }，集群拒绝暂停
    [paused-by-somebody] 已写入 { $new }，滚动更新被别人暂停
   *[returned] 已写回 { $old }
}
superseded = { $target } 被别人改动了
superseded-gone = { $target }：{ $workload } 被别人删除了
superseded-how = { $how ->
    [template] { $number } 进行中，{ $workload } 换了别的 Pod 模板。我不去动它。
    [undone] { $number } 写入 { $workload } 的内容被撤销了。我不会再写一遍。
    [gone] { $number } 进行中，{ $workload } 被删除了。我不会重新创建它。
   *[recreated] { $number } 进行中，{ $workload } 被删除并重建。我不去动它。
}
superseded-after-failure = 在那之前 { $number } 已经失败，所以 { $new } 仍然锁定。
superseded-after-failure-open = 在那之前 { $number } 已经失败。
superseded-next = { $who } 先弄清楚是谁改的，再用 { $command } 看一看，然后再发布。

# 搁置
parked-cluster = 读不到集群 { $cluster }，从 { $since } 起不再等待。一旦能读到，我会自动继续。
parked-in-doubt = 集群 { $cluster } 拒绝我的写入（{ $since } 起），而之前的一次写入仍可能生效，所以还无法判断结果。一旦它接受写入，我会自动继续。
parked-record = 它需要的一条记录读不出来。详情见我的日志，编号 { $number }。
parked-imported = 它来自导出的数据，不会自动继续。
parked-claim = 它占用 { $target } 的记录已不在我的存储里，所以我不再为它写入或判断任何东西。
parked-claim-next = 在此期间别人可以改动 { $target }。管理员可以用 { $command } 结束它
parked-next = 在此之前没有人能通过我改动 { $target }。管理员可以用 { $command } 释放它

# 提问
question-lapsed = 关于 { $number } 的问题作废
question-lapsed-why = { $target } 已经不是 { $number } 留下的样子：有人动过了。我不做任何事。
question-answered = { $target } 保持不动
question-answered-why = { $by } 对 { $number } 的问题回答了“先不动”。

# 对操作的答复

# 没有写入
refused-image-unknown = 线上没有任何改动：没有 { $new } 这个镜像
refused-image-unknown-why = 镜像仓库里没有 { $image }。
refused-image-unknown-next = 下一步：检查标签，或等它构建好，再输入 { $command }
gone = 线上没有任何改动：{ $target } 无法回滚
gone-why = 镜像仓库里已经没有 { $image }。
promise-not-kept = { $who } 我说过到时会回滚，但没能做到。保持不动，等你决定。
promise-not-kept-yet = 我说过到时会回滚，但当时没能做到。
refused-registry-denied = 线上没有任何改动：镜像仓库要求登录
refused-registry-denied-why = { $host } 不接受我的凭据，或要求提供凭据。
refused-registry-denied-next = 下一步：请管理员在 rotabot.toml 里配置 { $host } 的凭据，然后重启我。
refused-registry-unreachable = 线上没有任何改动：镜像仓库没有回应
refused-registry-unreachable-why = { $host } 没有回应，我不知道这个标签对应哪个摘要。
refused-registry-unreachable-next = 下一步：一分钟后再试。如果给出摘要（sha256:…）而不是标签，就不需要镜像仓库。
refused-cluster = 线上没有任何改动：读不到集群
refused-cluster-why = { $cluster } 没有回应，我不知道那里在运行什么。
refused-cluster-next = 下一步：等它恢复后再试；{ $command } 会显示数据有多旧。
refused-forbidden = 线上没有任何改动：我在集群里缺少权限
refused-forbidden-why = { $cluster } 的回答：
refused-forbidden-next = 下一步：请管理员授权（需要的权限都在 deploy/kubernetes/rights.yaml 里），再输入 { $command }
refused-rejected = 线上没有任何改动：集群拒绝写入
refused-rejected-why = 关于 { $workload }，集群的回答：
refused-rejected-next = 下一步：可能是配额、策略或 webhook 拦截，请问它的负责人。
refused-missing = 线上没有任何改动：没有 { $workload }
refused-missing-why = 配置里 { $target } 写的是它，但 { $cluster } 的 { $namespace } 里没有这个 Deployment。
refused-missing-next = 下一步：先创建它，或改正 rotabot.toml 里的名字。
refused-container = 线上没有任何改动：{ $workload } 没有 { $container }
refused-container-why = 配置里写的容器是 { $container }；它有的是：{ $has }
refused-container-next = 下一步：改正 rotabot.toml 里的容器名。
refused-paused = 线上没有任何改动：{ $workload } 被人暂停
refused-paused-why = 不是我暂停的，可能有人正在操作。
refused-paused-why-by = 是 { $by } 暂停的，不是我，可能有人正在操作。
refused-paused-next = 下一步：先问一问；{ $command } 可以恢复它。
refused-unhealthy = 线上没有任何改动：{ $new } 已在运行但不正常
refused-unhealthy-why = 再发布同一个镜像不会有任何变化。
refused-unhealthy-next = 下一步：{ $status } 看问题在哪；{ $rollback } 可以回滚。
refused-under-way = 线上没有任何改动：{ $new } 正在发布中
refused-under-way-since = { $who ->
    [us] 我之前的一次变更在 { $at } 把它写入了 { $workload }，已不再跟踪。
   *[somebody] { $by } 在 { $at } 把它写入了 { $workload }，不是我的变更。
}
refused-under-way-by = { $who ->
    [us] 我之前的一次变更把它写入了 { $workload }，已不再跟踪。
    [somebody] { $by } 把它写入了 { $workload }，不是我的变更。
   *[nobody] 看不出是谁把它写入了 { $workload }，不是我正在进行的变更。
}
refused-under-way-far = 目前有 { $ready }/{ $of } 个新 Pod 就绪，没有失败的迹象。
refused-under-way-next = 下一步：等它完成；{ $status } 可以看进展。
refused-nothing-to-return-to = 线上没有任何改动：没有已知版本可以回滚
refused-unknown-release = 线上没有任何改动：{ $named } 没在 { $target } 运行过
refused-unknown-release-next = 下一步：{ $command } 可以看到那里发布过什么。
refused-no-earlier-image = 线上没有任何改动：{ $earlier } 里没有 { $workload }
refused-no-earlier-image-why = { $earlier } 运行时，{ $places } 还不属于 { $target }：我不知道它更早的镜像，也不会只回滚服务的一半。
refused-no-earlier-image-next = 下一步：如果各处都有这个标签的镜像，{ $command } 会让全部运行它。
refused-no-earlier-image-next-other = 下一步：直接指定镜像：{ $command }
refused-locked = 线上没有任何改动：{ $target } 刚被锁定
refused-locked-why = 准备期间 { $by } 锁定了 { $scope }：{ $reason }
refused-locked-next = 下一步：问 { $by }，或用 { $command } 解锁
refused-moved = 线上没有任何改动：{ $workload } 正在被改动
refused-moved-why = 准备期间有别人改动了它，我先前看到的已经不作数。
refused-moved-next = 下一步：先弄清楚是谁改的，再输入 { $command }

# 按钮
button-rollback = 回滚到 { $old }
button-rollback-digest = 回滚到 { $old }（{ $digest }）
button-leave = 先不动，保持锁定
button-leave-open = 先不动
