# 拒绝：先说“线上没有任何改动”，再说规则、从何时起由谁定、谁能解除、下一步做什么。

# 输入
refusal-nothing-typed = 线上没有任何改动：没有输入命令
refusal-unknown-command = 线上没有任何改动：没有 { $typed } 这个命令
refusal-did-you-mean = 是想输入 { $command } 吗？
refusal-all-commands = 全部命令：{ $command }
refusal-missing-argument = 线上没有任何改动：{ $command } 还缺 { $argument }
refusal-missing-value = 线上没有任何改动：“{ $argument }”后面缺少值
refusal-argument = { $argument }：{ $help }
refusal-usage = 用法：{ $usage }
refusal-example = 例如：{ $example }
refusal-unknown-option = 线上没有任何改动：{ $command } 没有 { $typed } 选项
refusal-did-you-mean-option = 是想输入 { $option } 吗？
refusal-too-much = 线上没有任何改动：{ $command } 用不上“{ $extra }”
refusal-given-twice = 线上没有任何改动：{ $argument } 给了两次
refusal-bad-value = 线上没有任何改动：“{ $value }”{ $kind ->
    [service] 不是服务名
    [environment] 不是环境名
    [reference] 不是标签或摘要
    [earlier] 不是标签、摘要或编号
    [number] 不是变更编号
    [scope] 不能锁定
    [reason] 作为原因太长
    [period] 不是时长
   *[other] 看不懂
}
refusal-bad-value-rule = { $kind ->
    [service] 名称只能有小写字母、数字、“-”和“.”，最多 63 个字符。
    [environment] 名称只能有小写字母、数字、“-”和“.”，最多 63 个字符。
    [reference] 请给出标签，例如 v7 或 9f3c2ab；或者摘要：sha256: 加 64 位十六进制数。
    [earlier] 请给出标签（例如 v7）、摘要，或发布它的变更编号（例如 #412）。
    [number] 编号的样子是 #412；用 /history 可以查到。
    [scope] 请给出服务和环境（例如 api/prod）、环境（例如 prod），或 all。
    [reason] 原因最多 200 个字符。
    [period] 请给出数字和单位，例如 30m、2h、7d 或 1h30m；最长 400 天。
   *[other] 请看示例。
}
refusal-quote-reason = 如果它是原因的一部分，请给原因加上引号。

# 名称
refusal-unknown-service = 线上没有任何改动：没有 { $typed } 这个服务
refusal-unknown-environment = 线上没有任何改动：没有 { $typed } 这个环境
refusal-did-you-mean-name = 是指 { $name } 吗？
refusal-type = 下一步：输入 { $command }
refusal-services = 下一步：用 { $command } 查看全部服务
refusal-environments = 环境有：{ $known }
refusal-not-there = 线上没有任何改动：{ $service } 不在 { $env } 运行
refusal-runs-in = 它运行在：{ $known }
refusal-runs-nowhere = 配置里没有给它任何环境。
refusal-unknown-change = 线上没有任何改动：没有 { $number } 这个变更
refusal-newest-change = 最新的是 { $number }。用 { $command } 查看列表。
refusal-no-change-yet = 到现在还没有过任何变更。
refusal-forgotten-change = 线上没有任何改动：我已经不记得这个变更
refusal-forgotten-change-next = 下一步：用 { $command } 查看我还知道的变更。

# 说话人
refusal-unknown-person = 线上没有任何改动：我不认识你
refusal-unknown-unix = 你是这台机器的用户“{ $user }”，配置里没有人用这个名字。
refusal-unknown-unix-next = 下一步：在 rotabot.toml 里给自己加上 unix = "{ $user }"，或请管理员来加。
refusal-unknown-name = 配置里没有叫“{ $name }”的人。
refusal-unknown-name-next = 下一步：在 rotabot.toml 的 [people] 里查正确的名字。
refusal-left = 线上没有任何改动：{ $person } 已离职
refusal-left-why = 配置写明 { $person } 于 { $day } 离职。离职的人在这里不能做任何操作。
refusal-left-next = 下一步：如果写错了，请管理员改正 rotabot.toml 里的“left”。
refusal-may-not-speak-for = 线上没有任何改动：你不能代 { $person } 操作
refusal-may-not-speak-for-why = 只能代 rotabot.toml 里 [console] 的“as”列出的人操作。

# 权限
refusal-not-allowed = 线上没有任何改动：你不能{ $action ->
    [view] 查看
    [deploy] 发布
    [rollback] 回滚
    [stop] 停止
    [lock] 锁定
    [unlock] 解锁
   *[release] 释放
} { $scope }
refusal-who-may = 谁可以：{ $people }
refusal-ask-on-call = 下一步：请值班的 { $person } 输入 { $command }
refusal-ask-one = 下一步：请其中一位输入 { $command }
refusal-ask-admin = 下一步：管理员可以在 rotabot.toml 中该环境的“allow”里授权。
refusal-could-not-check = 线上没有任何改动：无法确认你的权限
refusal-could-not-check-why = 问题在我，不在你。详情见我的日志，编号 { $reference }。
refusal-try-again = 下一步：一分钟后再试。
refusal-watch-only = 线上没有任何改动：{ $env } 我只看不改
refusal-watch-only-why = 配置里它的模式是“watch”：我只查看，不写入任何东西。
refusal-watch-only-next = 下一步：按你们现在的方式发布；{ $command } 可以看到线上现状。

# 障碍
refusal-locked = 线上没有任何改动：{ $target } 已锁定
refusal-locked-widely = 线上没有任何改动：{ $scope }已锁定
refusal-why = 原因：{ $reason }
refusal-lock-since = 开始：{ $since }，{ $by } 锁定，{ $end }
refusal-who-can-lift = 谁能解锁：{ $people }
refusal-locked-fix-you = 下一步：如果 { $wanted } 已经修好，先输入 { $unlock }，再输入 { $command }
refusal-locked-fix-ask = 下一步：如果 { $wanted } 已经修好，请 { $person } 输入 { $unlock }，你再输入 { $command }
refusal-locked-same-you = 下一步：失败的就是 { $wanted }。有了修复版本后，先输入 { $unlock }，再输入 { $command }
refusal-locked-same-ask = 下一步：失败的就是 { $wanted }。有了修复版本后，请 { $person } 输入 { $unlock }，你再输入 { $command }
refusal-locked-wait-you = 下一步：如果等不了，先输入 { $unlock }，再输入 { $command }
refusal-locked-wait-ask = 下一步：如果等不了，请 { $person } 输入 { $unlock }，你再输入 { $command }
refusal-busy = 线上没有任何改动：{ $target } 正被 { $number } 占用
refusal-busy-who = { $number } 由 { $by } 在 { $since } 发起；现在：{ $doing }。
refusal-busy-parked = { $number } 由 { $by } 在 { $since } 发起，现已搁置：暂时无法继续。
refusal-busy-next = 下一步：等它有结果，或者用 { $command } 停止它
refusal-busy-next-parked = 下一步：{ $show } 会说明原因；管理员可以用 { $command } 释放它
refusal-nothing-to-stop = 线上没有任何改动：{ $target } 没有进行中的变更
refusal-last-change = 那里最近一次变更是 { $number }。
refusal-too-late-to-stop = 线上没有任何改动：{ $number } { $doing }
refusal-too-late-to-stop-why = 它失败了，现在做的是让 { $target } 稳定下来，不能半途停止。
refusal-wait = 下一步：等它有结果。

# 回滚
refusal-nothing-to-go-back-to-why = 我不知道 { $target } 更早的好版本：还没有通过我发布过，或者都已撤回。
refusal-nothing-to-go-back-to-next = 下一步：直接指定镜像：{ $command }

# 锁定与搁置
refusal-not-locked = 线上没有任何改动：{ $scope } 没有锁定
refusal-locked-near = 已锁定的有：{ $scopes }
refusal-lock-held = 线上没有任何改动：{ $scope } 早已锁定
refusal-not-parked = 线上没有任何改动：{ $number } 没有搁置
refusal-not-parked-doing = 它现在{ $doing }。{ $command } 可以停止它。
refusal-not-parked-ended = 它已有结果：{ $command }
refusal-press-too-late = 线上没有任何改动：这个按钮已过期
refusal-press-too-late-why = { $number } 之后，{ $target } 又有了变化。
refusal-press-too-late-next = 下一步：用 { $command } 看线上现状。
refusal-store = 线上没有任何改动：我现在写不了记录
refusal-store-why = 我的存储目前写不进去，所以不开始任何操作。详情见我的日志，编号 { $reference }。
refusal-store-next = 下一步：检查机器人所在机器的磁盘，然后再试。
refusal-unreadable = 线上没有任何改动：我有一条记录读不出来

# 读不出来的记录
unreadable-what = { $scope }：{ $what ->
    [change] 占用它的 { $number } 读不出来
    [question] 那里未决的问题读不出来
    [lock] 它的锁定读不出来
    [withdrawn] 读不出那里哪些版本不可退回
   *[claim] 读不出是哪个变更占用着它
}（{ $key }）
unreadable-next-release = 在管理员输入 { $command } 之前，那里不能改动
unreadable-next-lock = 在用 { $command } 解锁之前，那里不能发布也不能回滚
unreadable-next-left = 在用 { $command } 解锁之前，那里不能发布
unreadable-next-withdrawn = 请用 { $rollback } 指明要退回到哪里，或用 { $command } 去掉这条记录
unreadable-next-log = 那里不能改动。下一步：请管理员查看我的日志。
unreadable-next-other = 下一步：请管理员看一下。
unreadable-shown = { $number } 的记录读不出来
unreadable-shown-why = 它没有妨碍任何东西。历史记录里还有：
unreadable-log = 详情见我的日志，编号 { $reference }。
freed = { $target } 可以再次改动
freed-what = 因为它或它的变更读不出来而去掉的记录：{ $records }
freed-next = 集群里没有任何改动。下一步：改动之前先用 { $command } 看一下现状。

# 早已做过的事
already-stopped = { $number } 已经停止
already-freed = { $number } 已经释放
already-left = { $target } 已经决定保持不动
already-unlocked = { $scope } 已经解锁
already-by = { $ago }前由 { $by } 操作。这次没有任何改动。
already-by-time = { $number } 在 { $ago }前到期，没有人回答。这次没有任何改动。
already-show = 不用再做什么。结果请看 { $command }
already-status = 不用再做什么。线上现状请看 { $command }

# 不是拒绝：没有人知道结果
unsure = 无法判断这件事做成了没有
unsure-why = 写记录时我的存储出错了，所以我停下来。详情见我的日志，编号 { $reference }。
unsure-next = 下一步：等我恢复后，先用 { $command } 看一看再重试。

# 按钮
button-show = 查看 { $number }
button-stop = 停止 { $number }
button-status = { $target } 现状
button-unlock = 解锁 { $target }
