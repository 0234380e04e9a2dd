demo-first = 欢迎来到模拟商店：五个服务，staging 和 prod
demo-simulated = 集群、镜像仓库和频道都是模拟的，rotabot 本身是真的。退出后什么都不保留。
demo-try = 试试 { $good }，再试 { $break_it } 和 { $bad }。{ $help } 列出所有命令，按 Tab 补全，Ctrl-D 退出。

demo-broken = { $service } 的下一个新镜像会出问题
demo-way-crash = 它就绪后会崩溃。
demo-way-never-ready = 它会运行，但一直不就绪。
demo-way-pull = 它拉取不到镜像。
demo-way-slow = 它要 15 秒才就绪，之后正常。
demo-broken-next = 下一步：{ $command }

demo-help = 让某个服务的下一个新版本出问题；只有这个商店有这个命令

demo-usage = 线上没有任何改动：命令写法不对
demo-usage-line = 下一步：{ $usage }
demo-usage-services = 有哪些服务：{ $command }
