# 时长
duration-seconds = { $seconds } 秒
duration-minutes = { $minutes } 分钟
duration-minutes-seconds = { $minutes } 分 { $seconds } 秒
duration-hours = { $hours } 小时
duration-hours-minutes = { $hours } 小时 { $minutes } 分
duration-days = { $days } 天
duration-days-hours = { $days } 天 { $hours } 小时

# 时刻
moment-full = { $date } { $weekday } { $clock }
moment-in-zone = { $clock }（{ $zone }）
moment-date = { $month }{ $day }日
moment-date-of-year = { $year }年{ $date }
weekday-1 = 周一
weekday-2 = 周二
weekday-3 = 周三
weekday-4 = 周四
weekday-5 = 周五
weekday-6 = 周六
weekday-7 = 周日
month-1 = 1月
month-2 = 2月
month-3 = 3月
month-4 = 4月
month-5 = 5月
month-6 = 6月
month-7 = 7月
month-8 = 8月
month-9 = 9月
month-10 = 10月
month-11 = 11月
month-12 = 12月

# 锁定范围（不是名称时）
scope-all = 全部

# 名单：甲、乙或丙
list-and = { $before }、{ $last }
list-or = { $before }或 { $last }

# 授权对象
grantee-everyone = 目录里的所有人
grantee-on-call = 当前值班人（现在是 { $person }）
grantee-on-call-nobody = 当前值班人（现在没有人值班）
grantee-owners = 该服务的负责人
grantee-owners-named = 该服务的负责人（{ $people }）
grantee-role = { $role } 角色
grantee-nobody = 没有人

# 变更的阶段
doing-preparing = 准备中
doing-applying = 写入中
doing-rolling = 滚动更新中
doing-stabilizing = 稳定观察中
doing-holding = 正在暂停失败的发布
doing-returning = 正在回滚
doing-parked = 已搁置

nothing-more = 不用再做什么。
