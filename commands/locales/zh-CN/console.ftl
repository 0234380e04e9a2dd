# 控制台自己的话
console-welcome = rotabot { $version } · 你是 { $person }
console-welcome-stranger = rotabot { $version }
console-welcome-help = { $command } 列出可以输入的命令；按 Tab 补全。
console-leave = 按 Ctrl-D 离开，机器人继续运行。
console-leave-ends-bot = 按 Ctrl-D 停止机器人；进行中的变更会在下次启动后继续。
console-leave-ends-demo = 按 Ctrl-D 或再按一次 Ctrl-C 关闭商店，什么都不保留。
console-watching = 它会自己继续，结果会显示在这里。直接输入即可做别的事。
console-working = 正在处理
console-working-rule = 机器人回答得慢。现在还不能保证什么，回答会显示在这里。
console-no-button = 线上没有任何改动：没有 { $number } 号按钮
console-no-button-rule = 输入按钮前面的数字来选择按钮。
console-no-buttons = 现在没有按钮。
console-not-shown = 有 { $lines } 行没有显示：当时终端停住了。用 { $command } 查看未完成的事。

# 套接字另一端的机器人
lost-waiting = 机器人不在了，正在等它回来。
lost-back = 机器人回来了。
lost-not-running = 什么都没有做：这里没有机器人在运行
lost-not-running-next = 它应该在 { $socket }。请用 { $command } 启动，或用 { $option } 指定数据目录。
lost-busy-waiting = 机器人正忙，正在等它回答。
lost-busy = 什么都没有做：机器人在运行，但正忙
lost-busy-next = 它还没顾上你。请关掉没人用的控制台，一分钟后再试；如果一直这样，请看它的日志。
lost-busy-following = 变更会继续；机器人太忙，没法告诉你进展
lost-busy-following-next = 请一分钟后查看：{ $command }
lost-not-allowed = 什么都没有做：这个机器人属于另一个用户
lost-not-allowed-next = 请用机器人的用户或 root 运行：只有他们能使用 { $socket }。
lost-outcome-unknown = 无法判断是否已执行：机器人不在了
lost-outcome-unknown-next = 请求已经发出，但机器人没有回答就不在了。请启动它，然后查看：{ $command }
lost-gone = 机器人不在了；变更会在它下次启动后继续
lost-gone-next = 请启动它，然后查看：{ $command }
lost-version = 什么都没有做：机器人是另一个版本的 rotabot
lost-version-next = 请使用与运行中的机器人相同的程序，或用这个程序重启机器人。
lost-not-yours = 你无权查看
lost-not-yours-next = 那里的变更照常进行。拥有该环境 `view` 权限的人可以给你看，管理员也可以授予你该权限。
lost-failed = 什么都没有做：机器人无法回答
