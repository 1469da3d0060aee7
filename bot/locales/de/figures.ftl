# How labels, figures and times are written. A label that is not named here is shown as it is.

# Forms of a label: the value is its name, as on buttons; ".a" with an article, for sentences (LABEL($label, form: "a")).
label-black = Schwarzbär
    .a = ein Schwarzbär
label-grizzly = Grizzly
    .a = ein Grizzly
label-teddy = Teddybär
    .a = ein Teddybär

list-comma = { $items }, { $next }
list-and = { $items } und { $last }
list-or = { $items } oder { $last }
list-and-more = { $items } und { $count } weitere

percent = { $figure } %
percent-over = über { $figure } %
percent-under = unter { $figure } %

duration-moment = weniger als eine Minute
duration-minute =
    { $count ->
        [one] { $count } Minute
       *[other] { $count } Minuten
    }
duration-hour =
    { $count ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }
duration-day =
    { $count ->
        [one] { $count } Tag
       *[other] { $count } Tage
    }
