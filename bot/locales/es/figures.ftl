# How labels, figures and times are written. A label that is not named here is shown as it is.

# Forms of a label: the value is its name, as on buttons; ".a" with an article, for sentences (LABEL($label, form: "a")).
label-black = oso negro
    .a = un oso negro
label-grizzly = oso grizzly
    .a = un oso grizzly
label-teddy = oso de peluche
    .a = un oso de peluche

list-comma = { $items }, { $next }
list-and = { $items } y { $last }
list-or = { $items } o { $last }
list-and-more = { $items } y { $count } más

# PERCENT($confidence, form: "a"): "un 97 %", as in "con un 97 % de seguridad".
percent = { $figure } %
    .a = un { $figure } %
percent-over = más del { $figure } %
    .a = más de un { $figure } %
percent-under = menos del { $figure } %
    .a = menos de un { $figure } %

duration-moment = menos de un minuto
duration-minute =
    { $count ->
        [one] { $count } minuto
       *[other] { $count } minutos
    }
duration-hour =
    { $count ->
        [one] { $count } hora
       *[other] { $count } horas
    }
duration-day =
    { $count ->
        [one] { $count } día
       *[other] { $count } días
    }
