# How labels, figures and times are written. A label that is not named here is shown as it is.

# Forms of a label: the value is its name, as on buttons; ".a" with an article, for sentences (LABEL($label, form: "a")).
label-black = 黑熊
label-grizzly = 灰熊
label-teddy = 泰迪熊

list-comma = { $items }、{ $next }
list-and = { $items }和{ $last }
list-or = { $items }或{ $last }
list-and-more = { $items }等，另有 { $count } 种

# PERCENT($confidence, form: "a") stands right after a Chinese character: only a figure is set off by a space.
percent = { $figure }%
    .a = {" "}{ $figure }%
percent-over = 超过 { $figure }%
percent-under = 不到 { $figure }%

duration-moment = 不到 1 分钟
duration-minute = { $count } 分钟
duration-hour = { $count } 小时
duration-day = { $count } 天
