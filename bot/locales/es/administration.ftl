# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting =
    { $count ->
        [one] Una foto espera a que la mire una persona
       *[other] { $count } fotos esperan a que las mire una persona
    }
queue-ages = En espera
queue-in-hands =
    { $count ->
        [0] Nadie está mirando ninguna.
        [one] Alguien está mirando una de ellas.
       *[other] Se están mirando { $count } de ellas.
    }
queue-hint = /review trae la siguiente.
age-under_an_hour = menos de una hora
age-under_a_day = menos de un día
age-under_a_week = menos de una semana
age-older = más tiempo
