# Why a photo is not taken in now, or only later: limits, a full disk, a long line.

busy = Gerade kommen viele Fotos an, und deines ist Nummer { $place } in der Schlange. Es geht nichts verloren: Du bekommst deine Antwort.
full = Es warten so viele Fotos, dass ich dieses nicht annehmen konnte. Bitte schick es später noch einmal.
refused-rate_limit =
    Das waren viele auf einmal: Ich nehme von jeder Person { $limit ->
        [one] ein Foto
       *[other] { $limit } Fotos
    } pro Minute an. Bitte schick dieses in einer Minute noch einmal.
refused-daily_quota =
    Du hast innerhalb eines Tages { $limit ->
        [one] ein Foto
       *[other] { $limit } Fotos
    } geschickt, und mehr nehme ich von niemandem an. Bitte schick dieses morgen noch einmal.
refused-disk_full =
    Ich habe gerade keinen Platz für neue Fotos. Bitte schick dieses später noch einmal; alle, die ich schon angenommen habe, sind sicher.
