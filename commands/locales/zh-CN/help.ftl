help-first = 可以输入的命令
help-first-command = { $command } 的用法
help-more = 查看某个命令的详细说明：{ $command }
help-row = { $usage } — { $help }
help-argument = { $argument }：{ $help }
help-example = 例如：{ $example }
help-words = 方括号里的内容可以省略。

command-deploy = 发布某个服务的镜像，观察滚动更新，并告诉你结果好不好
command-deploy-service = 服务
command-deploy-env = 环境
command-deploy-ref = 镜像：标签（例如 v7）或摘要
command-deploy-plan = 只显示会做什么，不执行
command-deploy-example = /deploy api prod v7

command-rollback = 回滚到上一个好版本
command-rollback-service = 服务
command-rollback-env = 环境
command-rollback-to = 改为回到这一个：标签、摘要，或发布它的变更编号
command-rollback-template = 恢复那个版本的整个 Pod 模板，而不只是镜像
command-rollback-plan = 只显示会做什么，不执行
command-rollback-example = /rollback api prod to v6

command-stop = 停止正在进行的变更
command-stop-service = 服务
command-stop-env = 环境
command-stop-example = /stop api prod

command-status = 显示线上运行的版本，以及是否正常
command-status-service = 服务；省略则为全部
command-status-env = 环境；省略则为全部
command-status-example = /status api prod

command-now = 谁在值班、什么坏了、什么在变、什么在等你、什么被锁定
command-now-example = /now

command-history = 显示做过的变更，从新到旧
command-history-service = 服务；省略则为全部
command-history-env = 环境；省略则为全部
command-history-since = 往回看多久，例如 7d
command-history-example = /history api prod since 7d

command-show = 显示一个变更的详情、原因和证据
command-show-number = 变更编号，例如 #412
command-show-example = /show #412

command-lock = 锁定，不让其他人发布
command-lock-scope = 锁定什么：服务加环境（api/prod）、环境，或 all
command-lock-reason = 原因；被拒绝的人都会看到
command-lock-for = 锁多久，例如 2h；省略则一直锁到解锁为止
command-lock-example = /lock api/prod bad commit for 2h

command-unlock = 解锁；不改动集群
command-unlock-scope = 解锁什么
command-unlock-example = /unlock api/prod

command-locks = 显示锁定了什么、谁锁的、为什么
command-locks-example = /locks

command-change-release = 释放被搁置的变更，它会以“无法判断”结束（管理员）
command-change-release-number = 被搁置的变更的编号
command-change-release-example = /change release #412

command-help = 说明各个命令
command-help-command = 命令；省略则为全部
command-help-example = /help deploy
