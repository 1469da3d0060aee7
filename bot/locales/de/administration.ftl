# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting =
    { $count ->
        [one] Ein Foto wartet auf Menschen
       *[other] { $count } Fotos warten auf Menschen
    }
queue-ages = Wartezeit
queue-in-hands =
    { $count ->
        [0] Niemand sieht sich gerade eines an.
        [one] Eines davon wird gerade angesehen.
       *[other] { $count } davon werden gerade angesehen.
    }
queue-hint = /review bringt das nächste.
age-under_an_hour = unter einer Stunde
age-under_a_day = unter einem Tag
age-under_a_week = unter einer Woche
age-older = länger
