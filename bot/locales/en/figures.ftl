# How labels, figures and times are written. A label that is not named here is shown as it is.

# Forms of a label: the value is its name, as on buttons; ".a" with an article, for sentences (LABEL($label, form: "a")).
label-black = black
label-grizzly = grizzly
label-teddy = teddy

list-comma = { $items }, { $next }
list-and = { $items } and { $last }
list-or = { $items } or { $last }
list-and-more = { $items } and { $count } more

percent = { $figure } %
percent-over = over { $figure } %
percent-under = under { $figure } %

duration-moment = less than a minute
duration-minute =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
duration-hour =
    { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
duration-day =
    { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
